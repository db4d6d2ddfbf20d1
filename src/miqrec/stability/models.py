"""How far apart the lists of two trained models are: retrained on other data, or from another seed.

*Rank list sensitivity* (Oh et al., CIKM 2022, arXiv 2201.12686) is the similarity of the lists of a model
with those of the same model retrained on perturbed data. Another seed alone changes lists much, so the
similarity of two seeds on the same data, the *seed floor*, belongs beside it.
"""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import polars as pl
from torch import Tensor

from miqrec.data.histories import Integers
from miqrec.errors import MiqrecError
from miqrec.stability.similarity import frbo, jaccard


def rank_list_sensitivity(pairs: Iterable[tuple[Tensor, Tensor]], users: Integers) -> pl.DataFrame:
    """Compare the lists of models in pairs, such as one model and the same retrained on perturbed data.

    Args:
        pairs: lists (questions, k) of internal ids of two models that answer the same questions.
        users: (questions,) the user of each.

    Returns:
        a frame with a row for each pair and question: `pair` (from 0), `question`, `user`, `frbo` and
        `jaccard` at k. Their means are RLS with two ways of comparing lists.

    Raises:
        MiqrecError: there is no pair, or the models were asked other questions.
    """
    compared = [_similarities(*pair, users, number) for number, pair in enumerate(pairs)]
    if not compared:
        raise MiqrecError("there are no two models to compare; give the lists of two or more")
    return pl.concat(compared)


def seed_floor(lists: Iterable[Tensor], users: Integers) -> pl.DataFrame:
    """Compare the lists of a system's seeds with each other: all pairs, as `rank_list_sensitivity` does."""
    return rank_list_sensitivity(combinations(lists, 2), users)


def _similarities(one: Tensor, other: Tensor, users: Integers, number: int) -> pl.DataFrame:
    if not len(one) == len(other) == len(users):
        raise MiqrecError(
            f"lists of {len(one):,} and {len(other):,} questions can't be compared: ask the models the same"
        )
    k = one.shape[1]
    return pl.DataFrame(
        {
            "pair": np.full(len(users), number),
            "question": np.arange(len(users)),
            "user": users,
            "frbo": frbo(one, other, k).numpy(),
            "jaccard": jaccard(one, other, k).numpy(),
        }
    )
