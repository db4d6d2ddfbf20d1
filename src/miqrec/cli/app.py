"""The commands put together, and how they end: 0 done, 2 bad input, 130 stopped by Ctrl-C."""

import logging
import sys
import warnings
from typing import Any

import typer
from rich.markup import escape

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.progress import console


def main() -> None:
    """Run a command; bad input ends in one sentence and exit code 2, never in a traceback."""
    warnings.showwarning = _show_warning
    warnings.filterwarnings("ignore", module="lightning")
    warnings.filterwarnings("always", category=MiqrecWarning)
    log = logging.getLogger("miqrec")
    log.setLevel(logging.INFO)
    log.handlers = [_ToConsole()]
    try:
        make_app()()
    except MiqrecError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)


def make_app() -> typer.Typer:
    """Put the commands together; importing them imports the packages that bring models."""
    from miqrec.cli.compare import compare
    from miqrec.cli.datasets import datasets
    from miqrec.cli.evaluate import evaluate
    from miqrec.cli.pack import pack
    from miqrec.cli.paths import paths
    from miqrec.cli.pretrain import pretrain
    from miqrec.cli.recommend import recommend
    from miqrec.cli.report import report
    from miqrec.cli.reproduce import reproduce
    from miqrec.cli.train import train
    from miqrec.cli.tune import tune

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help="Sequential recommendation with Multi-Item-Query attention.",
    )
    using = (train, pretrain, evaluate, recommend, datasets)
    experimenting = (compare, reproduce, tune, report, pack, paths)
    for command in (*using, *experimenting):
        app.command()(command)
    return app


class _ToConsole(logging.Handler):
    """Prints what the library reports, such as which columns it took, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a report."""
        console.print(record.getMessage(), soft_wrap=True, highlight=False, markup=False)


def _show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, MiqrecWarning):
        console.print(f"[yellow]warning:[/] {escape(str(message))}", soft_wrap=True)
