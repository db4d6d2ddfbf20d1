"""The training interactions of a data set, as files that every side can read.

python -m benchmarks.export ml-1m 0 200 FOLDER     # name, users (0 for all), length, where to
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.sequences import Sequences
from miqrec.data.splitting import SplitConfig, split
from miqrec.system.files import replacing, write_json

INTER = {"user": "user:token", "item": "item:token", "time": "time:float"}
"""RecBole's names; RecTools gets the same file and drops the types."""


def export(name: str, n_users: int, max_length: int, folder: Path) -> None:
    """Write the whole data set, its training part, and the counts that rates are computed from.

    `folder` gets `dataset/` and `training/` (miqrec's own form), `train/train.inter` (RecBole's form,
    tab-separated: user, item, time, the latter a user's 1, 2, 3, ...) and `counts.json`.
    """
    dataset = first_users(open_dataset(DataConfig(source=name)), n_users)
    training = training_part(dataset)
    with replacing(folder, _is_export) as partial:
        (partial / "train").mkdir(parents=True)
        dataset.save(partial / "dataset")
        training.save(partial / "training")
        rows = interactions(training).rename(INTER)
        rows.write_csv(partial / "train" / "train.inter", separator="\t")
        write_json(partial / "counts.json", counts(training, max_length))


def _is_export(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir()}
    return names == {"dataset", "training", "train", "counts.json"}


def first_users(dataset: Dataset, n: int) -> Dataset:
    """The first n users alone (0: everybody), the catalogue untouched."""
    n = min(n or dataset.sequences.n_users, dataset.sequences.n_users)
    offsets = dataset.sequences.offsets[: n + 1]
    items = dataset.sequences.items[: offsets[-1]]
    sequences = Sequences(items, offsets, dataset.sequences.n_items)
    return replace(dataset, sequences=sequences, users=dataset.users[:n])


def training_part(dataset: Dataset) -> Dataset:
    """The histories without the two held-out items."""
    train = split(dataset, SplitConfig()).train
    lengths = train.lengths
    index = np.arange(lengths.sum()) + np.repeat(
        train.starts - np.cumsum(lengths) + lengths, lengths
    )
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    sequences = Sequences(dataset.sequences.items[index], offsets, dataset.sequences.n_items)
    return replace(dataset, sequences=sequences)


def interactions(dataset: Dataset) -> pl.DataFrame:
    """A row an interaction: user and item by internal number, time as the place in the history."""
    lengths = dataset.sequences.lengths
    users = np.repeat(np.arange(len(lengths)), lengths)
    times = np.arange(len(users)) - np.repeat(dataset.sequences.offsets[:-1], lengths) + 1
    return pl.DataFrame({"user": users, "item": dataset.sequences.items, "time": times})


def counts(training: Dataset, max_length: int) -> dict[str, int]:
    """What an epoch has to do.

    Returns:
        `users`, `items`, `interactions`; `positions`, those that have a target and are read by a model
        of this length; and `pairs`, how many earlier or equal positions these see, added up.
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
