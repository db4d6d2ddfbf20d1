"""Lists scored as users would have seen them, by a case that can be counted."""

import polars as pl
import pytest

from miqrec import Recommender
from worlds import cycle, frame

# Everybody goes round a, b, c, d; the split by time holds out two items of user 1 and one of user 2.
LOG = pl.DataFrame(
    {
        "user": [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2],
        "item": ["a", "b", "c", "d", "a", "b", "c", "d", "b", "c", "d"],
        "time": [1, 2, 3, 4, 3, 4, 6, 7, 3, 5, 8],
    }
)
ITEMS = pl.DataFrame({"item": ["a", "b", "c", "d"], "genres": ["x", "x", "y", "y"]})


@pytest.fixture(scope="module")
def rec() -> Recommender:
    moments = {"split": "time", "valid_from": "5", "test_from": "6"}
    return Recommender.fit(LOG, "markov", items=ITEMS, **moments)


def test_a_list_is_scored_against_all_that_was_held_out(rec):
    scores = rec.evaluate_lists(k=2)

    # user 1 has seen a, b and is shown c, d; both were held out. User 2 has seen b, c and is shown d, a.
    assert scores["recall@2"] == 1.0
    assert scores["precision@2"] == (2 / 2 + 1 / 2) / 2
    assert scores["coverage@2"] == 3 / 4
    assert scores["diversity@2"] == (0 + 1) / 2  # c and d share their genre, d and a none


def test_one_held_out_item_a_user_makes_recall_the_hit_rate():
    rec = Recommender.fit(frame(cycle()), "markov")
    assert rec.evaluate_lists(k=5)["recall@5"] == rec.evaluate()["HR@5"]
