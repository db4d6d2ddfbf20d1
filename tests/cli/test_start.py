"""What a command imports before it does anything: nobody waits for what is not used."""

import inspect
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

from commands import miqrec
from miqrec.cli.app import COMMANDS

HELP = """
import sys
from miqrec.cli import main

for words in ({words}):
    sys.argv = ["miqrec", *words]
    try:
        main()
    except SystemExit as stopped:
        assert not stopped.code, words
print("IMPORTED", *sys.modules)
"""


def imported(*lines: list[str]) -> set[str]:
    """The modules that a process imports that runs these commands."""
    code = HELP.format(words=", ".join(map(repr, lines)) + ",")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    return set(done.stdout.rpartition("IMPORTED")[2].split())


def test_help_imports_nothing_heavy():
    pages = [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)]

    heavy = {"torch", "lightning", "polars", "numpy", "pyarrow", "matplotlib", "optuna", "scipy"}
    assert not imported(*pages) & heavy


def test_the_list_of_commands_is_there_without_the_commands():
    assert not {f"miqrec.cli.{command}" for command in COMMANDS} & imported(["--help"])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_a_function_with_a_help_page_of_its_own(command):
    name = command.replace("-", "_")
    function = getattr(import_module(f"miqrec.cli.{name}"), name)

    done = miqrec(command, "--help")

    first_sentence = inspect.getdoc(function).split(".")[0].split(",")[0]
    assert first_sentence in " ".join(done.stdout.split())


def test_the_version_is_printed_and_nothing_else():
    assert miqrec("--version").stdout == f"miqrec {version('miqrec')}\n"


def test_a_command_that_is_not_there_is_refused_with_the_nearest():
    done = miqrec("trian")

    assert done.returncode == 2
    assert "Did you mean 'train'" in done.stderr
