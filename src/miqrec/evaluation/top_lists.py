"""Lists of recommendations for many histories at once, from the same ranking that evaluation uses."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.order import ByLength
from miqrec.data.batches.pieces import Integers
from miqrec.data.batches.seen import seen_pairs
from miqrec.data.batches.slicing import pad
from miqrec.data.histories import Histories
from miqrec.evaluation.best import Best, best_items
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.models.protocol import Model
from miqrec.system.forks import refuse_stuck_process
from miqrec.system.progress import track

if TYPE_CHECKING:
    from miqrec.evaluation.index import ItemIndex

BATCH = 64
"""Histories scored at a time; with more of them what a layer makes doesn't fit into caches any more."""


class ListRequest(NamedTuple):
    """What stays the same for all histories of one request."""

    model: Model
    popularity: Tensor  # (n_items + 1,), answers where a history has no known item
    k: int
    inference: InferenceConfig = DEFAULT_INFERENCE
    with_probability: bool = False  # say how likely each item is to be the next one
    item_index: "ItemIndex | None" = None  # proposes candidates; without one lists are exact


def recommend_lists(
    request: ListRequest, histories: Histories, device: torch.device | str = "cpu"
) -> pl.DataFrame:
    """List the k best items after each history, best first; ties go to the smaller internal id.

    Args:
        request: the model, the popularity of the items, the length of the lists.
        histories: n of them.
        device: where to compute.

    Returns:
        a frame with `row` (0 to n - 1, a place among the histories), `id` (internal item), `score`, `rank`
        (from 1), `source` ("model", or "popularity" where the history is empty), and `probability` if the
        request wants it, null where the history is empty. A user who has seen nearly everything gets a
        shorter list.

    Raises:
        MiqrecError: k is larger than the catalogue, scores are not finite, or the model doesn't have the
            answers that are to be mixed.
    """
    batches = list_batches(request, histories, device)
    total = n_batches(len(histories.users))
    return pl.concat(track(batches, "recommending", total)).sort("row", "rank")


def list_batches(
    request: ListRequest, histories: Histories, device: torch.device | str = "cpu"
) -> Iterator[pl.DataFrame]:
    """Make the lists of a batch of histories at a time, those of similar length together.

    Arguments and errors are those of `recommend_lists`; the frames together are what it returns, in
    another order. There are `n_batches` of them.
    """
    refuse_stuck_process()
    request.model.eval().to(device)
    for rows in ByLength(histories.lengths, BATCH):
        lists = _lists(request, histories, rows)
        numbered = lists.with_columns(pl.Series("row", np.repeat(rows, request.k)))
        yield numbered.filter(pl.col("id") > 0)


def n_batches(n_histories: int) -> int:
    """Count the batches in which `list_batches` makes the lists of so many histories."""
    return -(-n_histories // BATCH)


def _lists(request: ListRequest, histories: Histories, rows: Integers) -> pl.DataFrame:
    best = best_after(request, histories, rows)
    source = np.where(histories.lengths[rows] > 0, "model", "popularity")
    columns = {
        "id": best.items.flatten().cpu().numpy(),
        "score": best.values.flatten().cpu().numpy(),
        "rank": np.tile(np.arange(1, request.k + 1), len(rows)),
        "source": np.repeat(source, request.k),
    }
    lists = pl.DataFrame(columns)
    if best.probabilities is None:
        return lists
    probability = pl.lit(pl.Series(best.probabilities.flatten().cpu().numpy()))
    by_model = pl.when(pl.col("source") == "model").then(probability)
    return lists.with_columns(by_model.alias("probability"))


@torch.inference_mode()
def best_after(request: ListRequest, histories: Histories, rows: Integers) -> Best:
    """Find the best items after some of the histories; the model is where it computes.

    Args:
        request: what stays the same for all histories.
        histories: n of them.
        rows: (B,) places among the histories.
    """
    device = next(iter(request.model.state_dict().values())).device
    lengths = np.minimum(histories.lengths[rows], request.model.max_length)
    items = pad(histories.items, histories.stops[rows] - lengths, lengths).to(device)  # (B, L)
    known = torch.from_numpy(lengths).to(device)
    seen_rows, seen_items = seen_pairs(histories, rows, request.inference.exclude_seen)
    return best_items(request, items, known, (seen_rows.to(device), seen_items.to(device)))
