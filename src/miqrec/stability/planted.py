"""Planted truth: do lists after a noise click still follow what the user truly wants?

The `demo` knows which clicks are noise, and from what distribution the user's last click comes if it is
meant. Noise leaves no trace in that distribution, so a list after a noise click should be as near to it as
a list that never saw the click. Each user's list is made twice, with and without the newest click, which
says what a click is worth to the list where it was meant, and what it costs where it was noise.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.dataset import Dataset
from miqrec.data.demo.generate import Demo
from miqrec.data.demo.world import Booleans, Floats
from miqrec.data.histories import Questions
from miqrec.data.ids import positions
from miqrec.evaluation.top_lists import ListRequest
from miqrec.stability.measure import Noise, answers
from miqrec.stability.perturbations import Perturbation


class PlantedTruth(NamedTuple):
    """What the demo knows about the histories before each user's last click."""

    after_noise: Booleans  # (n,) whether the newest click of the history is noise
    interests: Floats  # (n, n_items + 1) what the user wants next, by internal id; rows sum to 1


def planted_truth(demo: Demo, dataset: Dataset, questions: Questions) -> PlantedTruth:
    """Look up the truth of the test questions.

    Args:
        demo: what `generate` made.
        dataset: the demo as it was read, or a part of it.
        questions: each asks for a user's last click.
    """
    users = dataset.users.gather(questions.users)
    rows = positions(users, demo.users)
    clicks = demo.interactions.select("user", noise=pl.Series(demo.is_noise))
    newest = clicks.group_by("user").agg(pl.col("noise").get(-2))  # the last click is asked for
    noise = newest["noise"].gather(positions(users, newest["user"]))
    interests = np.zeros((len(rows), dataset.catalogue.n_items + 1))
    interests[:, dataset.catalogue.encode(demo.items["item"])] = demo.true_interests[rows]
    return PlantedTruth(noise.to_numpy(), interests)


def followed_interest(lists: Tensor, interests: Floats) -> Tensor:
    """Compute how much of the true interest lists hold, as a share of what lists of their length can.

    Args:
        lists: (n, k) internal ids; 0 where a list is shorter.
        interests: (n, n_items + 1), as in `PlantedTruth`.

    Returns:
        (n,) float64 in 0..1: 1 for the k items that the user wants most, in any order.
    """
    wanted = torch.from_numpy(interests)
    best = wanted.topk(lists.shape[1]).values.sum(1)
    return wanted.gather(1, lists).sum(1) / best


def measure_planted(
    request: ListRequest,
    questions: Questions,
    truth: PlantedTruth,
    *,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Measure how lists follow the true interest with the newest click and without it.

    Both lists are of the items that the whole history leaves, the newest click included.

    Args:
        request: the model, the length of the lists, and how the model is used.
        questions: each asks for a user's last click.
        truth: what `planted_truth` says of them.
        device: where to compute.

    Returns:
        a frame in the order of the questions: `user` (internal number), `after_noise`, and
        `followed_interest` as `followed` and, without the newest click, `without`.
    """
    even = np.ones(questions.n_items, np.int64)
    dropped = Noise(Perturbation(kind="newest-dropped"), even, seed=0, draw=0)
    lists = (answers(request, questions, noise, device).lists for noise in (None, dropped))
    followed, without = (followed_interest(found, truth.interests).numpy() for found in lists)
    values = {"after_noise": truth.after_noise, "followed": followed, "without": without}
    return pl.DataFrame({"user": questions.users} | values)


def summarise_planted(frame: pl.DataFrame) -> pl.DataFrame:
    """Average over users, by whether the newest click is noise.

    Returns:
        `after_noise`, `users`, the means of `followed` and `without`, what the newest click adds,
        `added`, and half of the 95 % interval of that over users, `added ±`.
    """
    added = pl.col("followed") - pl.col("without")
    half = 1.96 * added.std() / pl.len().sqrt()
    groups = frame.group_by("after_noise").agg(
        pl.len().alias("users"),
        pl.col("followed", "without").mean(),
        added.mean().alias("added"),
        half.alias("added ±"),
    )
    return groups.sort("after_noise")
