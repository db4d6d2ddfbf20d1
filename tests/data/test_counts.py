"""The size of a data set, with and without what is held out."""

import polars as pl

from miqrec.data.counts import Statistics, statistics
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig


def test_statistics_are_counted_with_and_without_the_held_out_items():
    log = pl.DataFrame({"user": list("aaaabbbcc"), "item": [1, 2, 3, 4, 1, 2, 3, 1, 2]})
    counted = statistics(open_dataset(DataConfig(source=None), log))
    # c has fewer than 3 interactions, of which none is held out
    assert counted == Statistics(users=3, items=4, interactions=9, training=(4 - 2) + (3 - 2) + 2)
    assert str(counted) == (
        "3 users, 4 items, 9 interactions: 3.0 a user, 2.2 an item "
        "(1.7 and 1.2 without the two held-out items of each user)"
    )


def test_a_split_by_time_has_no_two_held_out_items_of_each_user():
    log = pl.DataFrame({"user": list("aabb"), "item": [1, 2, 3, 4]})
    counted = statistics(open_dataset(DataConfig(source=None), log), SplitConfig(split="time"))
    assert str(counted) == "2 users, 4 items, 4 interactions: 2.0 a user, 1.0 an item"
