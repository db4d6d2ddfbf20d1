"""`make bench`: ours and the peers in turn, each in a process and an environment of its own.

    python -m benchmarks.peers [--work train-ml-1m ...] [--repetitions 3] [--quick]

A repetition measures every side once, so that a ratio compares what ran within minutes of each other.
Stopped, it goes on where it was: measurements are kept in `benchmarks/.state/`, by the state of the
code. The tables are written after every repetition.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import environments
from benchmarks.jobs import Job, small
from benchmarks.machine import cores, machine
from benchmarks.page import show, write
from benchmarks.state import HERE, Measured, State, code_version
from benchmarks.tables import Report
from benchmarks.works import WORKS, Work

STATE = HERE / ".state"
WORKERS = [sys.executable, "-m", "benchmarks.workers", "--prepared"]
"""Begins the command of a worker of ours."""
MODULES = {
    "ours": "ours",
    "rectools": "rectools_worker",
    "recbole": "recbole_worker",
    "limits": "limits_worker",
}


def main() -> None:
    """Measure what is missing, and write the tables."""
    options = parse()
    works = {name: prepared(WORKS[name], options) for name in options.work}
    for side in {job.side for work in works.values() for job in work.sides.values()}:
        if (HERE / "requirements" / f"{side}.txt").exists():
            environments.make(side)
    state = State(STATE / f"peers-{code_version()}{'-quick' * options.quick}.jsonl")
    for repetition in range(options.repetitions):
        for name, work in works.items():
            for label, job in work.sides.items():
                if not state.has(name, label, repetition, job):
                    state.add(Measured(name, label, repetition, job, run(label, job)))
        report(works, state, options)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--work", nargs="+", choices=WORKS, default=list(WORKS), help="what to measure"
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    return parser.parse_args()


def prepared(work: Work, options: argparse.Namespace) -> Work:
    """The work with this machine's threads, and tiny if it is to be quick."""
    jobs = {
        label: Job(**vars(job) | {"threads": options.threads}) for label, job in work.sides.items()
    }
    if options.quick:
        jobs = {label: small(job) for label, job in jobs.items()}
    return work._replace(sides=jobs)


def run(label: str, job: Job) -> dict[str, object]:
    """One measurement in a process of its own.

    Raises:
        SystemExit: the worker failed; what was measured before is kept.
    """
    folder = data_of(job)
    print(f"{job.data} {job.work}: {label}", file=sys.stderr, flush=True)
    worker = [*["--prepared"] * job.prepared, MODULES[job.side], job.dump(), str(folder)]
    command = [environments.python_of(job.side), "-m", "benchmarks.workers", *worker]
    return json.loads(output_of(command, job.threads).splitlines()[-1])


def data_of(job: Job) -> Path:
    """The folder with the job's data, exported when it is missing.

    That happens in a process of its own: a worker's peak memory is never below its parent's.
    """
    folder = STATE / "data" / f"{job.data}-{job.users}-{job.max_length}"
    if not folder.exists() and job.work != "limits":
        numbers = [str(job.users), str(job.max_length)]
        command = [sys.executable, "-m", "benchmarks.export", job.data, *numbers, str(folder)]
        output_of(command, job.threads)
    return folder


def output_of(command: list[str], threads: int) -> str:
    """The standard output of a command that is given so many threads."""
    settings = {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    settings |= {"PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        *(command,),
        env=os.environ | settings,
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nfailed:\n{done.stderr[-3000:]}")
    return done.stdout


def report(works: dict[str, Work], state: State, options: argparse.Namespace) -> None:
    """Print and write the tables of all that was measured so far."""
    current = {
        (name, label): job for name, work in works.items() for label, job in work.sides.items()
    }
    rows = [row for row in state if current.get((row.work, row.label)) == row.job]
    counts = {
        job: json.loads((data_of(job) / "counts.json").read_text())
        for job in current.values()
        if job.work == "train"
    }
    command = " ".join(["python -m benchmarks.peers", *sys.argv[1:]])
    made = Report(works, rows, counts, machine() | {"command": command})
    write(made, STATE / "quick" if options.quick else HERE / "results")
    show(made)


if __name__ == "__main__":
    main()
