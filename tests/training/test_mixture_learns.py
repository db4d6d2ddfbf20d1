"""What a mixture finds where there is something to be found, and that it finds nothing where there isn't."""

import math

import numpy as np
import polars as pl
import pytest

from miqrec.data.demo.generate import DemoConfig, generate
from miqrec.data.encoding import build_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.system.seeds import seeded
from miqrec.testing.frames import NOISE_ITEMS, NOISE_LENGTH, NOISE_USERS, noise
from miqrec.training.config import TrainingConfig
from miqrec.training.fit import train
from outside import Outside, OutsideConfig
from worlds import ranks_on_test


def two_walks(n_users=200, n_items=12, length=12) -> pl.DataFrame:
    """Everybody takes turns between two circles of items, at places that have nothing to do with each other.

    So each item tells the item after next, and nothing of the next.
    """
    places = np.random.default_rng(0).integers(n_items, size=(n_users, 2))
    items = [
        f"{'ab'[step % 2]}{(places[user, step % 2] + step // 2) % n_items}"
        for user in range(n_users)
        for step in range(length)
    ]
    return pl.DataFrame({"user": np.repeat(np.arange(n_users), length), "item": items})


def trained(frame, folder, **values):
    """A model whose states know their newest item alone, after a training of seconds; and its test ranks."""
    splits = split(build_dataset(frame, name="planted"), SplitConfig())
    with seeded(0):
        model = Outside(splits.train.n_items, OutsideConfig(dim=32))
    config = TrainingConfig(epochs=15, batch_size=16, learning_rate=0.03, **values)
    train(model, splits, config, folder)
    return model, ranks_on_test(model, splits)["rank"].to_torch()


def test_one_answer_cannot_find_a_dependence_on_the_item_before_last(tmp_path):
    _, ranks = trained(two_walks(), tmp_path)
    assert (ranks == 1).double().mean() < 0.3


@pytest.mark.parametrize("kind", ["learned", "adaptive"])
def test_several_answers_find_it_and_listen_to_that_item(kind, tmp_path):
    values = {"answers": 3, "answer_weights": kind, "newest_at_most": 1.0}
    model, ranks = trained(two_walks(), tmp_path, **values)
    states, valid = model.follow(model.items.weight[1:4]).unsqueeze(0), ranks.new_tensor([3])
    newest, before_last, _ = model.mixture(states, valid).squeeze(0).tolist()
    assert (ranks == 1).double().mean() > 0.8
    assert before_last > 0.5 > newest


def test_on_the_demo_whose_users_follow_several_interests_older_answers_add_hits(tmp_path):
    small = DemoConfig(n_users=400, n_items=100, n_genres=5, mean_length=20)
    clicks = generate(small).interactions.sort("user", maintain_order=True)
    _, alone = trained(clicks, tmp_path / "alone")
    _, mixed = trained(clicks, tmp_path / "mixed", answers=3, newest_at_most=1.0)
    assert (mixed <= 10).double().mean() > (alone <= 10).double().mean() + 0.08


@pytest.mark.parametrize(
    ("kind", "loss"), [("learned", "ce"), ("adaptive", "sampled-ce"), ("0.5 0.3 0.2", "ce-last")]
)
def test_on_noise_several_answers_are_not_better_than_chance(kind, loss, tmp_path):
    _, ranks = trained(noise(), tmp_path, answers=3, answer_weights=kind, loss=loss)

    chance = 10 / (NOISE_ITEMS - (NOISE_LENGTH - 1))  # nobody meets an item twice
    deviation = math.sqrt(chance * (1 - chance) / NOISE_USERS)
    assert (ranks <= 10).double().mean() < chance + 3.5 * deviation
