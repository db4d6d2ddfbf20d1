"""`make bench`: miqrec and its peers in turn, each in a process and an environment of its own.

    python -m benchmarks.peers [--work train-ml-1m ...] [--sides SASRec ...] [--repetitions 3] [--quick]

A repetition measures every side once, so that a ratio compares what ran within minutes of each other.
A command that was stopped goes on where it was: measurements are kept in `benchmarks/.state/`, by the
version of the code. The tables are written after every repetition, to `benchmarks/results/` (with `--quick`
to `benchmarks/.state/quick/`) or to the folder that `--out` names.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

from benchmarks.harness import processes
from benchmarks.harness.folders import RESULTS, STATE
from benchmarks.harness.kept import code_version
from benchmarks.machine.description import cores, machine
from benchmarks.peers import environments
from benchmarks.peers.jobs import Job, small
from benchmarks.peers.page import show, write
from benchmarks.peers.report import Report
from benchmarks.peers.sides import SIDES
from benchmarks.peers.state import Measured, State
from benchmarks.peers.works import WORKS, Work


def main() -> None:
    """Measure what is missing, and write the tables."""
    options = parse()
    works = {name: chosen(WORKS[name], options) for name in options.work}
    make_environments(works)
    state = State(STATE / f"peers-{code_version()}{'-quick' * options.quick}.jsonl")
    for repetition in range(options.repetitions):
        for name, work in works.items():
            for label, job in work.sides.items():
                if not state.has(name, label, repetition, job):
                    state.add(Measured(name, label, repetition, job, measure(label, job)))
        report(works, state, options)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    labels = list(dict.fromkeys(label for work in WORKS.values() for label in work.sides))
    parser.add_argument("--work", nargs="+", choices=WORKS, default=list(WORKS), help="comparisons")
    parser.add_argument(
        "--sides", nargs="+", choices=labels, default=labels, help="sides, if not all of them"
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--out", type=Path, help="the folder of the tables")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    return parser.parse_args()


def chosen(work: Work, options: argparse.Namespace) -> Work:
    """Return the work with the sides that were asked for, this machine's threads and, if quick, tiny jobs."""
    jobs = {
        label: Job(**vars(job) | {"threads": options.threads})
        for label, job in work.sides.items()
        if label in options.sides
    }
    if options.quick:
        jobs = {label: small(job) for label, job in jobs.items()}
    return work._replace(sides=jobs)


def make_environments(works: dict[str, Work]) -> None:
    """Make the environments of all sides that have one of their own."""
    sides = {job.side for work in works.values() for job in work.sides.values()}
    for environment in {SIDES[side].environment for side in sides} - {None}:
        environments.make(environment)


def measure(label: str, job: Job) -> dict[str, object]:
    """Measure one side in a process of its own.

    Raises:
        SystemExit: If the worker fails; what was measured before is kept.
    """
    folder = data_of(job)
    print(f"{job.data} {job.work}: {label}", file=sys.stderr, flush=True)
    side = SIDES[job.side]
    return processes.measure(
        f"benchmarks.peers.workers.{side.worker}",
        *(job.dump(), str(folder)),
        threads=job.threads,
        python=environments.python_of(side.environment),
        prepared=job.prepared,
    )


def data_of(job: Job) -> Path:
    """Return the folder with the job's data, which is exported when it is missing.

    The export has a process of its own, since a worker's peak memory is never below its parent's.
    """
    folder = STATE / "data" / f"{job.data}-{job.users}-{job.max_length}"
    if not folder.exists() and job.work != "limits":
        numbers = [str(job.users), str(job.max_length)]
        command = [sys.executable, "-m", "benchmarks.peers.export", job.data, *numbers, str(folder)]
        processes.output_of(command, job.threads)
    return folder


def report(works: dict[str, Work], state: State, options: argparse.Namespace) -> None:
    """Print and write the tables of everything that was measured so far."""
    current = {
        (name, label): job for name, work in works.items() for label, job in work.sides.items()
    }
    rows = [row for row in state if current.get((row.work, row.label)) == row.job]
    counts = {
        job: json.loads((data_of(job) / "counts.json").read_text())
        for job in current.values()
        if job.work == "train"
    }
    command = f"python -m benchmarks.peers {shlex.join(sys.argv[1:])}".strip()
    made = Report(works, rows, counts, machine() | {"command": command})
    write(made, options.out or (STATE / "quick" if options.quick else RESULTS))
    show(made)


if __name__ == "__main__":
    main()
