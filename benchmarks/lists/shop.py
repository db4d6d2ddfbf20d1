"""A made-up shop of any size, and an untrained model of its items, whose values change no time."""

import numpy as np
import polars as pl
import torch

from miqrec.data.catalogue import make_catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig
from miqrec.data.sequences import Sequences, lengths_to_offsets
from miqrec.models.protocol import NamedConfig
from miqrec.models.registry import build_model
from miqrec.recommender import Recommender
from miqrec.runs.artifact import Artifact, ArtifactConfig


def dataset(n_users: int, n_items: int, length: int) -> Dataset:
    """Make histories of `length` items on average, half of them shorter than .7 times that, as on ML-1M.

    An item is as popular as 1 / its rank.
    """
    generator = np.random.default_rng(0)
    lengths = np.maximum(generator.lognormal(np.log(0.6 * length), 1.0, n_users), 5).astype(
        np.int64
    )
    ends = (1 / np.arange(1, n_items + 1)).cumsum()
    items = np.searchsorted(ends, generator.random(int(lengths.sum())) * ends[-1]) + 1
    sequences = Sequences(items.astype(np.int32), lengths_to_offsets(lengths), n_items)
    ids = pl.Series("item", [f"item-{i}" for i in range(n_items)])
    users = pl.Series("user", np.arange(n_users)).cast(pl.String)
    return Dataset(sequences, make_catalogue(ids), users, "shop")


def recommender(data: Dataset, config: NamedConfig) -> Recommender:
    """Make a model of the shop's items, with untrained weights."""
    about = ArtifactConfig(
        model=config,
        training=None,
        epochs=None,
        data=DataConfig(source=None),
        fingerprint=data.fingerprint,
        trained_on="train",
    )
    torch.manual_seed(0)
    model = build_model(config, data.catalogue.n_items).eval()
    counts = np.bincount(data.sequences.items, minlength=data.catalogue.n_items + 1)[1:]
    return Recommender(Artifact(about, model, data.catalogue, counts), data, device="cpu")
