"""Lists beside the demo's planted truth: what it is, how it is followed, and what noise costs."""

import numpy as np
import polars as pl
import pytest
import torch

from miqrec.data.demo.generate import DemoConfig, generate
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.evaluation.top_lists import ListRequest
from miqrec.stability.planted import (
    PlantedTruth,
    followed_interest,
    measure_planted,
    planted_truth,
    summarise_planted,
)


@pytest.fixture(scope="module")
def demo():
    return generate(DemoConfig(n_users=200, n_items=100, n_genres=4, mean_length=12))


@pytest.fixture(scope="module")
def splits(demo):
    shuffled = demo.interactions.sample(fraction=1, shuffle=True, seed=1)
    return split(open_dataset(DataConfig(source=None), shuffled), SplitConfig())


@pytest.fixture(scope="module")
def truth(demo, splits) -> PlantedTruth:
    return planted_truth(demo, splits.dataset, splits.test)


def test_the_truth_is_of_the_click_before_the_last_one(demo, splits, truth):
    clicks = demo.interactions.with_columns(noise=pl.Series(demo.is_noise))
    for place in (0, 7, 150):
        user = splits.dataset.users[int(splits.test.users[place])]
        own = clicks.filter(user=user)
        newest = splits.dataset.catalogue.decode([splits.test.items[splits.test.stops[place] - 1]])
        assert own["item"][-2] == newest[0]
        assert truth.after_noise[place] == own["noise"][-2]


def test_interests_are_of_the_users_in_the_numbers_of_the_data_set(demo, splits, truth):
    assert truth.interests.sum(1) == pytest.approx(np.ones(len(truth.interests)))
    place = 7
    user = splits.dataset.users[int(splits.test.users[place])]
    row = demo.true_interests[demo.users.to_list().index(user)]
    best = demo.items["item"][int(row.argmax())]
    assert splits.dataset.catalogue.decode([truth.interests[place].argmax()])[0] == best


def test_a_list_follows_the_interest_by_its_share_of_what_two_items_can_hold():
    interests = np.array([[0, 0.5, 0.3, 0.2, 0.0]] * 4)
    lists = torch.tensor([[1, 2], [2, 1], [3, 4], [3, 0]])
    expected = [1, 1, 0.2 / (0.5 + 0.3), 0.2 / (0.5 + 0.3)]
    assert followed_interest(lists, interests).tolist() == pytest.approx(expected)


class Follows(torch.nn.Module):
    """Scores highest what follows the newest item in number, and nothing else counts."""

    max_length = 10

    def __init__(self, n_items):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(n_items + 1))

    def scores(self, items, lengths):
        newest = items.gather(1, lengths[:, None] - 1)
        return -(torch.arange(len(self.weight)) - newest - 1).abs().float()


def test_each_list_is_made_with_the_newest_click_and_without_it(splits, truth):
    n_items = splits.dataset.catalogue.n_items
    request = ListRequest(Follows(n_items), torch.zeros(n_items + 1), 1)
    interests = np.zeros_like(truth.interests)
    questions = splits.test
    for place in range(len(interests)):  # what follows the item before the newest is wanted
        seen = set(questions.items[questions.starts[place] : questions.stops[place]].tolist())
        before = int(questions.items[questions.stops[place] - 2])
        free = [item for item in range(1, n_items + 1) if item not in seen]
        interests[place, min(free, key=lambda item: (abs(item - before - 1), item))] = 1
    frame = measure_planted(request, questions, truth._replace(interests=interests))
    assert frame["without"].to_list() == [1] * frame.height
    assert frame["followed"].mean() < 0.2
    assert frame["after_noise"].to_list() == truth.after_noise.tolist()


def test_the_summary_says_what_the_newest_click_adds():
    frame = pl.DataFrame(
        {
            "user": [1, 2, 3],
            "after_noise": [True, True, False],
            "followed": [0.2, 0.4, 0.9],
            "without": [0.6, 0.6, 0.5],
        }
    )
    meant, noise = summarise_planted(frame).iter_rows(named=True)
    assert (meant["users"], meant["added"]) == (1, pytest.approx(0.4))
    assert noise["added"] == pytest.approx(-0.3)  # the mean of -.4 and -.2
    assert noise["added ±"] == pytest.approx(1.96 * 0.1)  # deviation .1414 over the root of 2
