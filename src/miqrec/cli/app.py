"""The commands put together, and how they end: 0 done, 2 bad input, 130 stopped by Ctrl-C."""

import logging
import sys
import threading
import warnings
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.files import reason, shown
from miqrec.system.optional import told
from miqrec.system.progress import console, print_error
from miqrec.system.terminal import print_whatever_comes
from miqrec.system.wording import for_commands

COMMANDS = {
    "train": "Train a model, choose its best epoch by validation, and evaluate it once on test.",
    "pretrain": "Pre-train S3-Rec on masked prefixes of the training items.",
    "update": "Go on training a model on what happened since, without starting over.",
    "evaluate": "Rank each user's held-out item among all items, and print HR, NDCG and MRR.",
    "recommend": "Recommend to users of the data, or after a history typed in.",
    "serve": "Answer over HTTP: lists for histories, by a saved model.",
    "export": "Write a saved model as one file for ONNX Runtime or PyTorch.",
    "events": "Put logs into the store of a service, and take out what it collected.",
    "datasets": "List the named data sets: sizes, sources, licences, and where each is found.",
    "cache": "Show what is kept of prepared data, and remove it.",
    "compare": "Show the test scores of runs on the same data, and their differences.",
    "compare-lists": "Compare new lists with those in use: who lost one, how alike they are.",
    "stability": "Measure how far lists and ranks move when noise gets into the histories.",
    "reproduce": "Run all systems of a table or figure with several seeds.",
    "tune": "Search for the settings with the best validation NDCG@10.",
    "report": "Test which differences between systems can be told from luck, and write it up.",
    "pack": "Pack the finished runs of a study in three files.",
    "uncertainty": "Measure how sure lists are, whether that is true, and how long they must be.",
    "paths": "Find by which path a random item at the end of a history changes the list.",
}
"""The commands and what each is for. Each is a function in a module of its name, which has the details; where
that module has `COMMANDS`, they are commands of their own behind it."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"miqrec {version_of('miqrec')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
]


def main() -> None:
    """Run a command.

    Bad input, and files that can't be read or written, end in one sentence and exit code 2, never in a
    traceback.
    """
    print_whatever_comes()
    warnings.showwarning = _show_warning
    warnings.filterwarnings("ignore", module="lightning")
    warnings.filterwarnings("always", category=MiqrecWarning)
    threading.excepthook = _show_in_thread
    log = logging.getLogger("miqrec")
    log.setLevel(logging.INFO)
    log.handlers = [_ToConsole()]
    try:
        with for_commands():
            _run()
    except (MiqrecError, OSError) as error:
        print_error(_sentence(error))
        sys.exit(2)


def _run() -> None:
    """Run what was typed; a package that it needs and that is not installed is named, with its command."""
    try:
        make_app()()
    except ModuleNotFoundError as error:
        raise told(error) from error


def _sentence(error: MiqrecError | OSError) -> str:
    if isinstance(error, MiqrecError):
        return str(error)
    place = f"{shown(error.filename)}: " if error.filename else ""
    return f"{place}{reason(error)}; check the path, its rights and the room on its disk"


def make_app() -> typer.Typer:
    """Put the commands together; the module of one is imported when it is used, or its help is."""
    app = typer.Typer(
        cls=_Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_miqrec)
    return app


def _miqrec(version: Version = False) -> None:
    """Sequential recommendation with Multi-Item-Query attention."""


class _Commands(TyperGroup):
    """All commands, in the order of `COMMANDS`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, purpose in COMMANDS.items():
            self.add_command(_Command(name, callback=None, short_help=purpose))


class _Command(TyperCommand):
    """A command that is known by its purpose alone until it is used."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Read the options of the command itself."""
        return _load(str(self.name)).make_context(info_name, args, parent, **extra)


def _load(name: str) -> Any:
    """Import a command; that imports the packages that bring models, if it has options for them."""
    module = import_module(f"miqrec.cli.{(word := name.replace('-', '_'))}")
    function, commands = getattr(module, word), getattr(module, "COMMANDS", {})
    app = typer.Typer(no_args_is_help=bool(commands), add_completion=False, rich_markup_mode="rich")
    (app.callback() if commands else app.command(name))(function)
    for typed, behind in commands.items():
        app.command(typed)(behind)
    return get_command(app)


class _ToConsole(logging.Handler):
    """Prints what the library reports, such as which columns it took, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a report."""
        console.print(record.getMessage(), soft_wrap=True)


def _show_in_thread(failed: threading.ExceptHookArgs) -> None:
    """Show what ends a thread, unless a disk refuses it: TensorBoard raises that again in the main one."""
    if not issubclass(failed.exc_type, OSError):
        threading.__excepthook__(failed)


def _show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, MiqrecWarning):
        console.print(Text("warning:", "yellow"), str(message), soft_wrap=True)
