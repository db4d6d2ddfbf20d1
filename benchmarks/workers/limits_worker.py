"""The machine's side: its limits, measured in turn with everything else."""

from pathlib import Path

from benchmarks.jobs import Job
from benchmarks.limits import SECONDS, limits
from benchmarks.workers.measure import Memory, begin, finish


def main(job: Job, _: Path) -> None:
    """Measure; a job made small by `--quick` takes a tenth of the time."""
    memory = Memory()
    finish(job, memory, (), rates=limits(SECONDS / 10 if job.users else SECONDS))


if __name__ == "__main__":
    main(*begin())
