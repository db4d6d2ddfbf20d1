"""Settings of a training are refused for models that only count."""

import pytest

from commands import miqrec
from miqrec import MiqrecError, Recommender
from miqrec.runs.idle import only_counts
from worlds import cycle, frame


@pytest.mark.parametrize(
    ("name", "expected"),
    [("markov", True), ("popularity", True), ("sasrec", False), ("gru4rec", False)],
)
def test_the_baselines_count_and_the_others_are_trained(name, expected):
    assert only_counts(name) == expected


@pytest.mark.parametrize("given", [{"epochs": 200}, {"loss": "bce"}, {"logger": True}])
def test_what_a_training_needs_is_refused_where_there_is_none(given):
    with pytest.raises(MiqrecError, match=f"markov counts .* no use for {next(iter(given))}"):
        Recommender.fit(cycle(), "markov", **given)


def test_a_seed_may_be_given_to_every_model():
    assert Recommender.fit(cycle(), "popularity", seed=3).artifact.counts.sum() > 0


def test_a_command_is_refused_before_anything_is_made(tmp_path):
    frame(cycle()).write_csv(tmp_path / "log.csv")

    out = tmp_path / "run"
    done = miqrec(
        *("train", "--data", tmp_path / "log.csv", "--model", "markov", "--epochs", 1, "--out", out)
    )

    assert done.returncode == 2
    assert "markov counts and is not trained, so it has no use for epochs" in done.stderr
    assert not out.exists()
