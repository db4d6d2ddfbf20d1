"""Noise in training data, and how far the lists of a model move that is trained on it again."""

import numpy as np
import polars as pl
import pytest

from miqrec import Recommender
from miqrec.data.encoding import build_dataset
from miqrec.stability import Perturbation, perturbed_log, rank_list_sensitivity
from miqrec.testing.frames import circle

LOG = pl.DataFrame(
    {
        "user": list("aaaaabbbcc"),
        "item": [f"i{number}" for number in (1, 2, 3, 4, 5, 2, 3, 6, 1, 6)],
    }
)


def histories(log: pl.DataFrame) -> dict[str, list[str]]:
    return dict(log.group_by("user", maintain_order=True).agg("item").iter_rows())


def test_what_is_trained_on_gets_noise_and_what_is_held_out_stays():
    """a trains on i1 i2 i3, b on i2; c has two items, which are trained on only."""
    dataset = build_dataset(LOG)
    found = histories(perturbed_log(dataset, Perturbation(kind="newest-dropped")))
    assert found == {"a": ["i1", "i2", "i4", "i5"], "b": ["i3", "i6"], "c": ["i1"]}
    found = histories(perturbed_log(dataset, Perturbation(kind="newest-swapped")))
    assert found == {
        "a": ["i1", "i3", "i2", "i4", "i5"],
        "b": ["i2", "i3", "i6"],
        "c": ["i6", "i1"],
    }


@pytest.mark.parametrize("kind", ["random-added", "newest-replaced"])
def test_an_added_item_is_neither_seen_nor_the_validation_item(kind):
    dataset = build_dataset(LOG)
    for draw in range(10):
        found = histories(perturbed_log(dataset, Perturbation(kind=kind), draw=draw))
        place = 3 if kind == "random-added" else 2
        assert found["a"][place] not in {"i1", "i2", "i3", "i4"}
        assert found["a"][-2:] == ["i4", "i5"]


def test_a_model_is_trained_again_and_its_lists_are_compared():
    log = circle(60, 20, 12)
    dataset = build_dataset(log)
    noisy = perturbed_log(dataset, Perturbation(kind="share-replaced", share=0.5))
    assert noisy.height == log.height
    one, same, other = (
        Recommender.fit(data, model="markov", exclude_seen=False).recommend(k=3, data=log)
        for data in (log, log, noisy)
    )
    lists, again, moved = (
        frame["item"].str.slice(5).cast(pl.Int64).to_torch().reshape(-1, 3) + 1
        for frame in (one, same, other)
    )
    users = np.arange(len(lists))
    assert rank_list_sensitivity([(lists, again)], users)["frbo"].to_list() == pytest.approx(
        [1] * 60
    )
    assert rank_list_sensitivity([(lists, moved)], users)["frbo"].mean() < 0.95
