"""Ensembles of a study's seeds and thinned-out copies, measured as any other system."""

import polars as pl
import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.competitors import competitors, dropped_copies, ensembles
from miqrec.experiments.stability.measurements import Asked
from miqrec.experiments.stability.measuring import measure
from miqrec.experiments.stability.prepared import Subject, prepare
from miqrec.runs.fit import fit
from miqrec.stability import PERTURBATIONS
from worlds import cycle, small


@pytest.fixture(scope="module")
def subjects(tmp_path_factory) -> list[Subject]:
    """Five seeds of SASRec and one of GRU4Rec."""
    folder = tmp_path_factory.mktemp("runs")
    seeds = [("sasrec", seed) for seed in range(5)] + [("gru4rec", 0)]
    return [
        Subject(
            name, seed, fit(small(name, cycle(), epochs=1, seed=seed), folder / f"{name}{seed}")
        )
        for name, seed in seeds
    ]


def test_seeds_are_put_together_in_their_order(subjects):
    found = ensembles(subjects[::-1], 2)

    assert [(each.system, each.seed) for each in found] == [
        ("sasrec-ensemble-2", 0),
        ("sasrec-ensemble-2", 1),
    ]
    members = [list(each.artifact.model.models) for each in found]
    assert members == [[each.artifact.model for each in subjects[i : i + 2]] for i in (0, 2)]


def test_there_must_be_enough_seeds_of_one_data_set(subjects, tmp_path):
    with pytest.raises(MiqrecError, match="no system has the 6 seeds"):
        ensembles(subjects, 6)
    elsewhere = fit(small("sasrec", cycle(n_users=100), epochs=1), tmp_path)
    with pytest.raises(MiqrecError, match="fitted on the same data"):
        ensembles([subjects[0], Subject("sasrec", 1, elsewhere)], 2)


def test_competitors_are_named(subjects):
    assert [each.system for each in competitors("ensemble-2", subjects)] == [
        "sasrec-ensemble-2"
    ] * 2
    thinned = competitors("copies-0.25", subjects)
    assert [each.system for each in thinned] == ["sasrec-copies-0.25"] * 5 + ["gru4rec-copies-0.25"]
    assert {each.artifact.model.share for each in thinned} == {0.25}


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("twins", "no competitors 'twins'; name ensemble-2, or copies-0.6"),
        ("ensemble-x", "no competitors"),
        ("copies-half", "no competitors"),
        ("copies-", "no competitors"),
        ("ensemble-1", "an ensemble of 1 is none"),
        ("copies-1.5", "can't be read"),
    ],
)
def test_what_is_no_competitor_is_refused(subjects, name, complaint):
    with pytest.raises(MiqrecError, match=complaint):
        competitors(name, subjects)


def test_scores_of_bce_have_no_mean(tmp_path):
    by_bce = fit(small("sasrec", cycle(), epochs=1, loss="bce"), tmp_path)
    with pytest.raises(MiqrecError, match="trained by bce have no probabilities"):
        ensembles([Subject("bce", seed, by_bce) for seed in range(2)], 2)


def test_they_are_measured_as_any_other_system(subjects, tmp_path):
    [pair, _], copies = ensembles(subjects, 2), dropped_copies(subjects[0], share=0.5)
    noise = [PERTURBATIONS[0]]
    for subject in (subjects[0], pair, copies):
        prepared = prepare(subject, cycle(), Asked(draws=1))
        measure(prepared, [InferenceConfig(mix="1")], noise, tmp_path)

    found = {
        path.parts[-4]: pl.read_parquet(path)["frbo"].mean()
        for path in tmp_path.glob(f"values/*/*/*/{noise[0].name}.parquet")
    }
    assert found.keys() == {"sasrec", "sasrec-ensemble-2", "sasrec-copies-0.5"}
    assert found["sasrec-copies-0.5"] != found["sasrec"] != found["sasrec-ensemble-2"]
