"""The published runs: their numbers follow from their ranks, and today's recipes go on with them."""

from pathlib import Path

import polars as pl
import pytest

from miqrec.evaluation.metrics import summary
from miqrec.experiments.studies.plan import plan
from miqrec.experiments.studies.recipe_files import read_study
from miqrec.runs.folder import read_metrics, read_run_config

ROOT = Path(__file__).parents[1] / "results" / "runs"
RUNS = sorted(path.parent for path in ROOT.glob("*/*/seed-*/metrics.json"))


def named(run: Path) -> str:
    return "-".join(run.parts[-3:])


@pytest.mark.parametrize("run", RUNS, ids=named)
def test_the_test_scores_are_those_of_the_ranks(run):
    ranks = pl.read_parquet(run / "ranks.parquet")
    metrics = read_metrics(run)
    assert ranks.height == metrics.n_users
    assert summary(ranks["rank"].to_torch()) == pytest.approx(metrics.test, abs=1e-12)


@pytest.mark.parametrize("run", RUNS, ids=named)
def test_the_recipe_plans_this_very_run(run):
    study, seed = read_study(run.parts[-3]), int(run.name.removeprefix("seed-"))
    planned = {each.folder: each for each in plan(study, ROOT, seeds=seed + 1)}
    config = read_run_config(run)
    assert (config.model, config.training) == planned[run].chosen[:2]
    assert planned[run].state == "finished"
