"""`miqrec reproduce`: all runs of a table or a figure, several side by side, without the finished ones."""

import shlex
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miqrec.cli.options import CACHE, DataDir, Json
from miqrec.cli.output import console, metrics_table, print_json
from miqrec.experiments.recipes import study_names
from miqrec.system.progress import console as messages
from miqrec.system.progress import print_error

if TYPE_CHECKING:
    from miqrec.experiments.studies.plan import PlannedRun
    from miqrec.experiments.studies.runner import Failure
    from miqrec.experiments.studies.study import Study

Table = Annotated[
    str, typer.Argument(help=f"One of {', '.join(study_names())}, or a TOML file of your own.")
]
OnData = Annotated[
    str | None, typer.Option("--dataset", help="The data set, where a table is on several.")
]
Seeds = Annotated[
    int, typer.Option(min=1, help="How many runs of each system, with the seeds 0, 1, ...")
]
Out = Annotated[
    Path, typer.Option(help="Where the study's folder is, or will be, with a folder for each run.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many runs side by side; by default one for each GPU, or one for two CPU cores.",
    ),
]
Systems = Annotated[str | None, typer.Option(help="Run only these systems, separated by commas.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the commands without running them.")]


def reproduce(
    table: Table,
    dataset: OnData = None,
    seeds: Seeds = 5,
    out: Out = Path("runs"),
    jobs: Jobs = None,
    systems: Systems = None,
    dry_run: DryRun = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Run all systems of a table or figure with several seeds.

    Finished runs are not done again, and if the command was stopped, the same command goes on.

    Example: miqrec reproduce table2 --dataset ml-1m --seeds 5 --out runs --jobs 2
    """
    from miqrec.experiments.studies.plan import plan
    from miqrec.experiments.studies.recipe_files import find_study
    from miqrec.system.checksums import with_checksums
    from miqrec.system.files import write_json

    study = find_study(table, dataset)
    chosen = [system.strip() for system in systems.split(",")] if systems else None
    runs = plan(study, out, seeds, chosen)
    if not dry_run or any(run.state != "to do" for run in runs):
        _check_data(study, runs, data_dir)
    if dry_run:
        _show_plan(study, runs, as_json=json)
        return
    content = with_checksums(study.model_dump(mode="json"), "study.json")
    write_json(out / study.name / "study.json", content)
    failures = _run(runs, jobs, data_dir)
    _report(study, runs, out, as_json=json)
    if failures:
        print_error(_failed(runs, failures))
        raise typer.Exit(1)


def _check_data(study: "Study", runs: "Sequence[PlannedRun]", data_dir: Path | None) -> None:
    """Prepare the data once for all runs, and check the runs that are there already."""
    from miqrec.data.open import open_dataset, resolve
    from miqrec.experiments.studies.plan import check

    source = resolve(study.source(), data_dir=data_dir)
    dataset = open_dataset(source, data_dir=data_dir, cache=CACHE)
    check(runs, source, dataset)


def _run(runs: "Sequence[PlannedRun]", jobs: int | None, data_dir: Path | None) -> "list[Failure]":
    from miqrec.experiments.studies.overview import overview
    from miqrec.experiments.studies.plan import unfinished
    from miqrec.experiments.studies.runner import make_slots, run_all

    slots = make_slots(jobs)
    if data_dir:
        slots = [slot | {"MIQREC_DATA": str(data_dir)} for slot in slots]
    n_left, threads = len(unfinished(runs)), slots[0]["OMP_NUM_THREADS"]
    messages.print(
        f"{len(runs) - n_left} of {len(runs)} runs are done; at most {len(slots)} at a time, "
        f"with {threads} threads each",
        soft_wrap=True,
    )
    try:
        with overview(runs, len(slots)) as show:
            return run_all(runs, slots, show)
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None


def _show_plan(study: "Study", runs: "Sequence[PlannedRun]", *, as_json: bool) -> None:
    if as_json:
        print_json({"study": study.name, "runs": [_row(run) for run in runs]})
        return
    for run in runs:
        command = shlex.join(["miqrec", *run.command])
        console.print(f"{run.state:9}{command}", soft_wrap=True)


def _report(study: "Study", runs: "Sequence[PlannedRun]", out: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"study": study.name, "runs": [_row(run) for run in runs]})
        return
    from miqrec.evaluation.metrics import METRICS

    tests = defaultdict(list)
    for run in runs:
        if run.metrics:
            tests[study.systems[run.system].label].append(run.metrics.test)
    means = {
        f"{label} ({len(scores)})": {name: fmean(run[name] for run in scores) for name in METRICS}
        for label, scores in tests.items()
    }
    caption = f"means over seeds, with their number in brackets; in {out / study.name}"
    console.print(metrics_table(study.title, means, caption))
    command = f"miqrec report {out / study.name} --out report.html"
    messages.print(f"`{command}` tests the differences", soft_wrap=True)


def _row(run: "PlannedRun") -> dict[str, Any]:
    return {
        "system": run.system,
        "seed": run.seed,
        "folder": run.folder,
        "state": run.state,
        "command": ["miqrec", *run.command],
        "test": run.metrics.test if run.metrics else None,
    }


def _failed(runs: "Sequence[PlannedRun]", failures: "Sequence[Failure]") -> str:
    """Say in one sentence what failed."""
    from miqrec.experiments.studies.plan import unfinished
    from miqrec.experiments.studies.runner import log_path

    named = "; ".join(f"{run.name} ({reason}; {log_path(run)})" for run, reason in failures)
    n_left_out = len(unfinished(runs)) - len(failures)
    left_out = f", and {n_left_out} that start from it were left out" if n_left_out else ""
    return f"{len(failures)} of {len(runs)} runs failed: {named}{left_out}; the same command tries again"
