"""The published runs: their scores follow from their ranks, and today's recipes go on with them."""

import re
from functools import cache
from pathlib import Path

import pytest

from miqrec.evaluation.metrics import summary
from miqrec.experiments.archive.read import StoredRuns, find_studies, read_runs
from miqrec.experiments.studies.plan import plan
from miqrec.experiments.studies.recipe_files import read_study

ROOT = Path(__file__).parents[1] / "results" / "runs"

N_RUNS = {
    "ablations-lastfm": 21,
    "ablations-ml-1m": 12,
    "best-beauty": 12,
    "best-lastfm": 35,
    "best-ml-1m": 9,
    "figure3-ml-1m": 25,
    "softmax-ml-1m": 8,
    "table2-beauty": 15,
    "table2-ml-1m": 15,
}

MOVED = {("miq-sasrec-5", 1): 181, ("miq-sasrec-5", 2): 184, ("miq-sasrec-15", 1): 166}
"""Runs of Table 2, ML-1M, that lost their best checkpoint when they were moved to another machine: they
were evaluated with the best epoch after that, which is not the one that they name."""

studies = pytest.mark.parametrize("study", N_RUNS)


@cache
def read(study: str) -> StoredRuns:
    return read_runs(ROOT / study)


def test_no_study_is_forgotten():
    assert [study.name for study in find_studies(ROOT)] == list(N_RUNS)


@studies
def test_all_runs_are_there_and_finished(study):
    assert len(read(study).finished) == N_RUNS[study]
    assert read(study).unfinished == []


@studies
def test_the_test_scores_are_those_of_the_ranks(study):
    for run in read(study).finished:
        assert run.ranks.height == run.metrics.n_users
        scores = summary(run.ranks["rank"].to_torch())
        assert scores == pytest.approx(run.metrics.test, abs=1e-12), run.folder


@studies
def test_validation_gave_the_chosen_epoch_this_score(study):
    moved = MOVED if study == "table2-ml-1m" else {}
    for run in read(study).finished:
        epoch = moved.get((run.system, run.seed), run.metrics.epochs)
        score = run.history.filter(epoch=epoch)["NDCG@10"].item()
        assert score == pytest.approx(run.metrics.valid["NDCG@10"], abs=7e-4), run.folder


@studies
def test_the_recipe_plans_these_very_runs(study):
    runs = {run.folder: run for run in read(study).finished}
    planned = plan(read_study(study), ROOT, seeds=1 + max(read(study).seeds()))
    chosen = {run.folder: run for run in planned if run.folder in runs}

    assert chosen.keys() == runs.keys()
    for folder, run in runs.items():
        assert (run.config.model, run.config.training) == chosen[folder].chosen[:2], folder
        assert chosen[folder].state == "finished"
        assert chosen[folder].metrics == run.metrics


PAGE = (ROOT.parent / "README.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE)))


@pytest.mark.parametrize("link", LINKS)
def test_a_link_of_the_page_leads_somewhere(link):
    if link.startswith("#"):
        headings = re.findall(r"^#+ (.*)$", PAGE, flags=re.MULTILINE)
        kept = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert link.removeprefix("#") in kept
    else:
        assert (ROOT.parent / link).exists()


def test_the_page_leads_to_every_file_or_its_folder_but_the_packs():
    files = [path.relative_to(ROOT.parent) for path in ROOT.parent.glob("*/*")]
    forgotten = [path for path in files if not {path.as_posix(), path.parent.as_posix()} & {*LINKS}]
    assert {path.parent.name for path in forgotten} <= {ROOT.name}
