"""Options that belong together reach their command as one argument."""

from typing import Annotated

import typer
from typer.testing import CliRunner

from miqrec.cli.groups import with_groups
from miqrec.config import Config


class Source(Config):
    data: Annotated[str, typer.Option(help="The interactions.")]
    device: Annotated[str | None, typer.Option(help="Where to compute.")] = None


@with_groups
def show(folder: str, *, source: Source, k: int = 10) -> None:
    """Show what was typed."""
    typer.echo(f"{folder} {source!r} {k}")


def run(*words: str) -> str:
    app = typer.Typer()
    app.command()(show)
    return CliRunner().invoke(app, words).output


def test_fields_are_options_with_their_defaults():
    assert run("runs/a", "--data", "log") == "runs/a Source(data='log', device=None) 10\n"
    assert run("runs/a", "--data", "log", "--device", "cpu", "--k", "3") == (
        "runs/a Source(data='log', device='cpu') 3\n"
    )


def test_a_field_without_a_default_must_be_given():
    assert "Missing option '--data'" in run("runs/a")


def test_help_has_each_field_and_no_option_for_the_whole():
    text = run("--help")

    assert "Show what was typed." in text
    assert "The interactions." in text
    assert "--source" not in text
