"""What an overview says follows from the run folders."""

import json
from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from miqrec.experiments.studies.overview import read_progress, seconds_left, table
from miqrec.experiments.studies.plan import PlannedRun, plan
from miqrec.experiments.studies.study import Study

STUDY = Study(
    name="mine",
    title="",
    caption="",
    data="demo",
    systems={name: {"label": name, "model": "sasrec", "epochs": 9} for name in ("a", "b")},
)


def write_history(run: PlannedRun, seconds: list[float], scores: list[float]) -> None:
    run.folder.mkdir(parents=True)
    columns = {"epoch": range(1, len(seconds) + 1), "NDCG@10": scores, "seconds": seconds}
    pl.DataFrame(columns).write_csv(run.folder / "history.csv")


def finish(run: PlannedRun, seconds: list[float]) -> None:
    write_history(run, seconds, [0.1] * len(seconds))
    (run.folder / "metrics.json").write_text(json.dumps({}))


def test_progress_is_read_from_the_history(tmp_path):
    run = plan(STUDY, tmp_path, 1)[0]
    write_history(run, [2.0, 3.0], [0.2, 0.1])

    assert read_progress(run.folder) == (2, 2.0 + 3.0, 0.1, 0.2)


def test_what_has_not_begun_is_at_zero(tmp_path):
    assert read_progress(tmp_path) == (0, 0.0, None, None)


def test_a_pretraining_has_no_scores(tmp_path):
    pl.DataFrame({"epoch": [1], "loss": [3.0], "seconds": [2.0]}).write_csv(
        tmp_path / "history.csv"
    )

    assert read_progress(tmp_path) == (1, 2.0, None, None)


def test_nothing_is_expected_before_a_run_is_finished(tmp_path):
    assert seconds_left(plan(STUDY, tmp_path, 2), n_jobs=1) is None


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_rest_takes_as_long_as_finished_runs_of_its_system(tmp_path, n_jobs):
    runs = plan(STUDY, tmp_path, 3)
    a0, b0, a1, _, a2, _ = runs
    finish(a0, [10.0, 20.0])
    finish(a1, [40.0, 10.0])
    finish(b0, [5.0])
    write_history(a2, [15.0], [0.1])

    rest_of_a, rest_of_b = (30 + 50) / 2 - 15, 2 * 5
    assert seconds_left(runs, n_jobs) == (rest_of_a + rest_of_b) / n_jobs


def test_a_system_that_has_not_finished_once_is_taken_for_the_others_mean(tmp_path):
    runs = plan(STUDY, tmp_path, 1)
    finish(runs[0], [8.0])

    assert seconds_left(runs, n_jobs=1) == 8.0


def test_the_table_shows_who_runs_and_how_well(tmp_path):
    a, b = runs = plan(STUDY, tmp_path, 1)
    finish(a, [60.0])
    write_history(b, [10.0, 20.0], [0.25, 0.125])
    console = Console(width=100, record=True, file=StringIO())

    console.print(table(runs, [b], n_jobs=1))

    text = console.export_text()
    assert "1 of 2 runs done, about 30.0 s left" in text
    assert text.splitlines()[-2].split() == [
        "b",
        "0",
        "2",
        "of",
        "9",
        "0.1250",
        "0.2500",
        "30.0",
        "s",
    ]
