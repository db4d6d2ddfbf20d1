"""Workers run in processes of their own."""

import sys

import pytest
from benchmarks.harness.processes import output_of


def test_a_worker_that_fails_says_why() -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        output_of([sys.executable, "-c", "raise ValueError('no such thing')"], threads=1)


def test_a_worker_has_the_threads_that_it_is_given() -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['OMP_NUM_THREADS'])"]
    assert output_of(command, threads=3) == "3\n"


def test_a_prepared_worker_finds_its_process_prepared() -> None:
    """The file that prepares a process is run by its path, which a move of that file would break."""
    worker = [sys.executable, "-m", "benchmarks.harness.worker", "--prepared"]
    printed = output_of([*worker, "benchmarks.growth.axes"], threads=1)
    assert printed == ""
