"""The machine's side: its rates, measured in turn with everything else."""

from pathlib import Path

from benchmarks.machine.limits import SECONDS, limits
from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job
from benchmarks.peers.workers.measure import begin, finish


def main(job: Job, _: Path) -> None:
    """Measure the rates; a job made small by `--quick` takes a tenth of the time."""
    memory = Memory()
    finish(job, memory, (), rates=limits(SECONDS / 10 if job.users else SECONDS))


if __name__ == "__main__":
    main(*begin())
