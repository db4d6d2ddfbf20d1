"""Small worlds with a known truth, and fits of them that take a second."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from miqrec.data.catalogue import make_catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import build_dataset
from miqrec.data.histories import Histories
from miqrec.data.open import DataConfig
from miqrec.data.sequences import Sequences
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import Splits, split
from miqrec.evaluation.evaluate import rank_questions
from miqrec.models.popularity import popularity_scores
from miqrec.models.protocol import Model
from miqrec.models.registry import find_model
from miqrec.runs.plan import Plan, plan_opened
from miqrec.runs.settings import settings
from miqrec.testing.frames import circle

SIZES = {
    "dim": 16,
    "hidden": 16,
    "n_heads": 1,
    "n_layers": 1,
    "dropout": 0.0,
    "max_length": 10,
    "window": 3,
}


@cache
def cycle(n_users: int = 120, n_items: int = 20, length: int = 12) -> Dataset:
    """Everybody walks round the same circle of items, from a place and for a time of their own."""
    return build_dataset(circle(n_users, n_items, length), name="cycle")


def histories_of(lists: Sequence[Sequence[int]], n_items: int) -> Histories:
    """Histories of users 0, 1, ... from lists of internal ids."""
    lengths = np.array([len(items) for items in lists])
    flat, stops = np.array([item for items in lists for item in items], np.int32), lengths.cumsum()
    return Histories(flat, np.arange(len(lists)), stops - lengths, stops, n_items, len(lists))


def frame(dataset: Dataset) -> pl.DataFrame:
    """The interactions of a data set, as a user would bring them."""
    sequences = dataset.sequences
    owners = np.repeat(np.arange(sequences.n_users), sequences.lengths)
    items = dataset.catalogue.decode(sequences.items)
    return pl.DataFrame({"user": dataset.users.gather(owners), "item": items})


def dataset_of(sequences: Sequences) -> Dataset:
    """A data set whose users and items are called by their numbers."""
    items = pl.Series("item", range(1, sequences.n_items + 1))
    users = pl.Series("user", range(sequences.n_users))
    return Dataset(sequences, make_catalogue(items), users, "numbers")


def splits_of(sequences: Sequences) -> Splits:
    """The leave-one-out split of these sequences."""
    return split(dataset_of(sequences), SplitConfig())


def ranks_on_test(model: Model, splits: Splits) -> pl.DataFrame:
    """The ranks of the test questions, seen items excluded."""
    return rank_questions(model, splits.test, popularity_scores(splits.train))


def small(model: str, dataset: Dataset, **values: object) -> Plan:
    """The plan of a fit that takes a second."""
    fields = find_model(model).config.model_fields
    sizes = {name: size for name, size in SIZES.items() if name in fields}
    defaults = {"epochs": 3, "batch_size": 32, "learning_rate": 0.01}
    chosen = settings(model, **(sizes | defaults | values))
    return plan_opened(dataset, DataConfig(source=None), chosen)


def changed(plan: Plan, **values: object) -> Plan:
    """The plan with other values in its config."""
    return plan._replace(config=plan.config.model_copy(update=values))
