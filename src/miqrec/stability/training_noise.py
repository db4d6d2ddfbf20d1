"""Noise in training data: a log on which a model can be trained again, to see how far its lists move."""

import numpy as np
import polars as pl

from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.models.popularity import item_counts
from miqrec.stability.perturbations import Perturbation
from miqrec.stability.perturbing import perturb


def perturbed_log(
    dataset: Dataset, perturbation: Perturbation, *, seed: int = 0, draw: int = 0
) -> pl.DataFrame:
    """Put noise into what leave-one-out trains on; the held-out items stay as they are.

    A model that is fitted on the log, and asked about the data as they were, has the lists that
    `rank_list_sensitivity` compares with those of the same model before. An item that is added to a history
    is never one of that history and never the validation item.

    Args:
        dataset: the interactions.
        perturbation: what is done to each user's training history, such as "one-dropped".
        seed: the seed of the noise.
        draw: which repetition, from 0.

    Returns:
        `user` and `item`, external ids, each user's in order; for `Recommender.fit` or a file for `--data`.

    Raises:
        MiqrecError: there is no item left that could be added to a history.
    """
    sequences, train = dataset.sequences, split(dataset, SplitConfig()).train
    held_out = sequences.offsets[1:] - train.stops  # (n_users,) items that are not trained on
    following = np.append(sequences.items, 0)[train.stops]
    questions = Questions(
        items=train.items,
        users=train.users,
        starts=train.starts,
        stops=train.stops,
        n_items=train.n_items,
        n_users=train.n_users,
        targets=np.where(held_out > 0, following, 0).astype(np.int32),
    )
    noisy = perturb(questions, perturbation, item_counts(train), seed=seed, draw=draw)
    owners = np.repeat(train.users, sequences.lengths)
    places = np.arange(len(owners)) - sequences.offsets[owners]
    kept = sequences.items[places >= train.lengths[owners]]
    items = np.insert(noisy.items, np.repeat(noisy.stops, held_out), kept)
    users = np.repeat(train.users, noisy.lengths + held_out)
    return pl.DataFrame(
        {"user": dataset.users.gather(users), "item": dataset.catalogue.decode(items)}
    )
