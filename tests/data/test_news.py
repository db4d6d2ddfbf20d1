"""What is new, who is asked about it, and which of the old is learned again."""

from dataclasses import replace

import numpy as np
import pytest

from miqrec.data.dataset import Dataset
from miqrec.data.news import News, find_news
from miqrec.data.sequences import Sequences
from miqrec.errors import MiqrecError
from worlds import dataset_of


def log(histories: list[list[int]], times: list[list[int]]) -> Dataset:
    offsets = np.cumsum([0, *map(len, histories)])
    flat, moments = np.concatenate(histories).astype(np.int32), np.concatenate(times)
    return dataset_of(Sequences(flat, offsets, 9, moments))


def news(dataset: Dataset, moment: float, *, replay: float = 0) -> News:
    return find_news(dataset, moment, None, replay)


def asked_for(dataset: Dataset, found: News) -> dict[int, list[int]]:
    parts, asked = found.histories, found.histories.asked
    ends = zip(parts.users.tolist(), parts.starts, parts.stops, strict=True)
    return {user: parts.items[start:stop][asked[start:stop]].tolist() for user, start, stop in ends}


SIX = log([[1, 2, 3]] * 6 + [[4, 5, 6]] * 4, [[1, 2, 8]] * 6 + [[1, 2, 3]] * 4)
"""Six users do something after 5, four don't."""


def test_only_what_is_later_is_asked_for_after_the_whole_history():
    found = news(SIX, 5)
    assert asked_for(SIX, found) == {user: [3] for user in range(6)}
    assert (found.n_new, found.n_replayed) == (6, 0)


def test_replayed_are_as_many_of_the_newest_old_items_as_are_wanted():
    found = news(SIX, 5, replay=2 / 3)
    assert found.n_replayed == 4  # for six new ones: those of moment 3, and not those of 2
    four = {user: [6] for user in range(6, 10)}
    assert asked_for(SIX, found) == {user: [3] for user in range(6)} | four
    assert news(SIX, 5, replay=99).n_replayed == 6 + 8  # all that follow another


def test_a_first_interaction_is_read_and_not_asked_for():
    data = log([[1, 2], [3]], [[6, 7], [8]])
    found = news(data, 5)
    assert (found.n_new, asked_for(data, found)) == (3, {0: [2]})


def test_news_of_which_nothing_can_be_asked_is_refused():
    with pytest.raises(MiqrecError, match="nothing new can be learned from"):
        news(log([[1, 2], [3]], [[6, 7], [8]]), 7)


def test_nothing_new_is_refused():
    with pytest.raises(MiqrecError, match="no interaction is later than the model's training"):
        news(SIX, 8)
    without = replace(SIX, sequences=replace(SIX.sequences, times=None))
    with pytest.raises(MiqrecError, match="needs a column with times"):
        news(without, 5)
