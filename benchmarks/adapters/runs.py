"""The frameworks, and what was run in them: a line of JSON a finished run, in `results/adapters/`."""

from typing import Any

from benchmarks.harness import processes
from benchmarks.harness.folders import BENCHMARKS
from benchmarks.harness.kept import append, lines
from benchmarks.machine.description import machine
from benchmarks.peers import environments

RESULTS = BENCHMARKS.parent / "results" / "adapters"
FRAMEWORKS = {
    "pytorch": "PyTorch 2.13",
    "rectools": "RecTools 0.19",
    "replay": "RePlay 0.22",
    "recbole": "RecBole 1.2.1",
    "huggingface": "Transformers 5.24",
}
"""Titles by the name of the script in `frameworks/`, which is that of the file with the results too."""

SHARED = {"pytorch", "huggingface"}
"""Those that miqrec's own environment has; the latter by `pip install 'miqrec[huggingface]'`."""


def recorded(framework: str) -> list[dict[str, Any]]:
    """Return the finished runs of a framework."""
    return list(lines(RESULTS / f"{framework}.jsonl"))


def is_recorded(framework: str, system: str, seed: int) -> bool:
    """Say whether a run was finished before."""
    return (system, seed) in [(row["system"], row["seed"]) for row in recorded(framework)]


def run(framework: str, system: str, seed: int) -> None:
    """Train and score a system in the framework's environment, on one thread, and record it."""
    found = processes.measure(
        f"benchmarks.adapters.frameworks.{framework}",
        *(system, str(seed)),
        threads=1,
        python=environments.python_of(None if framework in SHARED else framework),
        prepared=False,
    )
    about = {name: machine()[name] for name in ("processor", "date")}
    append(RESULTS / f"{framework}.jsonl", {"system": system, "seed": seed} | found | about)
