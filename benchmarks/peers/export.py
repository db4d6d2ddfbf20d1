"""The training interactions of a data set, as files that every side can read.

PYTHONPATH=src python -m benchmarks.peers.export ml-1m 0 200 FOLDER     # data, users (0 for all), length
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.sequences import Sequences
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split

INTER = {"user": "user:token", "item": "item:token", "time": "time:float"}
"""RecBole's names of the columns; RecTools gets the same file and renames them."""


def export(name: str, n_users: int, max_length: int, folder: Path) -> None:
    """Write the whole data set, its training part, and the counts that rates are computed from.

    The folder gets `dataset/` and `training/` in miqrec's own form, `train/train.inter` in RecBole's
    (tab-separated: user, item, and as the time the place in the user's history, from 1), and `counts.json`.
    It appears once it is complete, so a stopped export leaves none.
    """
    dataset = first_users(open_dataset(DataConfig(source=name)), n_users)
    training = training_part(dataset)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "train").mkdir(parents=True)
    dataset.save(partial / "dataset")
    training.save(partial / "training")
    rows = interactions(training).rename(INTER)
    rows.write_csv(partial / "train" / "train.inter", separator="\t")
    (partial / "counts.json").write_text(json.dumps(counts(training, max_length)))
    partial.rename(folder)


def first_users(dataset: Dataset, n: int) -> Dataset:
    """Keep the first n users alone, or everybody if n is 0; the catalogue stays as it is."""
    n = min(n or dataset.sequences.n_users, dataset.sequences.n_users)
    offsets = dataset.sequences.offsets[: n + 1]
    items = dataset.sequences.items[: offsets[-1]]
    sequences = Sequences(items, offsets, dataset.sequences.n_items)
    return replace(dataset, sequences=sequences, users=dataset.users[:n])


def training_part(dataset: Dataset) -> Dataset:
    """Keep the histories without their two held-out items."""
    train = split(dataset, SplitConfig()).train
    offsets = np.append(0, np.cumsum(train.lengths))
    rows = np.arange(offsets[-1]) + np.repeat(train.starts - offsets[:-1], train.lengths)
    sequences = Sequences(train.items[rows], offsets, train.n_items)
    return replace(dataset, sequences=sequences)


def interactions(dataset: Dataset) -> pl.DataFrame:
    """Return a row an interaction: user and item by internal number, time as the place in the history."""
    lengths = dataset.sequences.lengths
    users = np.repeat(np.arange(len(lengths)), lengths)
    times = np.arange(len(users)) - np.repeat(dataset.sequences.offsets[:-1], lengths) + 1
    return pl.DataFrame({"user": users, "item": dataset.sequences.items, "time": times})


def counts(training: Dataset, max_length: int) -> dict[str, int]:
    """Count what an epoch has to do.

    Returns:
        `users`, `items` and `interactions`; `positions`, the positions with a target that a model of this
        length reads; and `pairs`, of such a position with itself or with an earlier one.
    """
    inputs = np.minimum(training.sequences.lengths - 1, max_length).clip(min=0)
    return {
        "users": training.sequences.n_users,
        "items": training.sequences.n_items,
        "interactions": len(training.sequences.items),
        "positions": int(inputs.sum()),
        "pairs": int((inputs * (inputs + 1) // 2).sum()),
    }


if __name__ == "__main__":
    data, users, length, target = sys.argv[1:]
    export(data, int(users), int(length), Path(target))
    print(json.dumps({"exported": target}))
