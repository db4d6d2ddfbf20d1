"""Where the time of a list goes, and how fast it could be if the products of MIQ-SASRec were all of it."""

import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import torch

from benchmarks.machine.limits import product_rate
from miqrec.data.batches.order import ByLength
from miqrec.data.batches.seen import seen_pairs
from miqrec.data.batches.slicing import pad
from miqrec.data.histories import Histories
from miqrec.evaluation.ranking import check_finite, exclude, top_k
from miqrec.evaluation.top_lists import BATCH, recommend_lists
from miqrec.lists.asked import Asked
from miqrec.lists.making import histories_of, with_names

Seconds = Counter[str]


@torch.inference_mode()
def seconds_of_steps(asked: Asked) -> Seconds:
    """Make all lists step by step, in one part, and add up the seconds of each step."""
    histories, seconds = histories_of(asked, asked.rows), Seconds()
    for rows in ByLength(histories.lengths, BATCH):
        _one_batch(asked, histories, rows, seconds)
    began = time.perf_counter()
    lists = with_names(asked, asked.rows, recommend_lists(asked.request, histories))
    whole = time.perf_counter() - began
    seconds["frames and names"] = max(whole - seconds.total(), 0.0)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        _write(lists, Path(folder))
        seconds["Parquet"] = time.perf_counter() - began
    return seconds


def _one_batch(
    asked: Asked,
    histories: Histories,
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    seconds: Seconds,
) -> None:
    model, request, marks = asked.artifact.model, asked.request, [time.perf_counter()]
    lengths = np.minimum(histories.lengths[rows], model.max_length)
    items = pad(histories.items, histories.stops[rows] - lengths, lengths)
    seen = seen_pairs(histories, rows, request.inference.exclude_seen)
    marks.append(time.perf_counter())
    states = model.last(items, torch.from_numpy(lengths).clamp(min=1)).squeeze(1)
    marks.append(time.perf_counter())
    scores = states @ model.item_vectors().T
    marks.append(time.perf_counter())
    check_finite(scores)
    exclude(scores, *seen)
    marks.append(time.perf_counter())
    top_k(scores, request.k)
    marks.append(time.perf_counter())
    names = ("batches", "encoder", "scores", "exclusion", "top k")
    seconds.update(dict(zip(names, np.diff(marks), strict=True)))


def _write(lists: pl.DataFrame, folder: Path) -> None:
    lists.write_parquet(folder / "lists.parquet")


def products_only(
    lengths: "np.ndarray[tuple[int], np.dtype[np.int64]]", dim: int, window: int
) -> float:
    """Bound the users a second by the products of MIQ-SASRec's first layer alone.

    A position takes `window` queries, the answers' projection for pooling, keys, values and the output
    (2 D^2 operations each), and `window` times 4 D for each earlier position; the second layer asks at the
    newest position only. The rate is that of a product of a batch's positions with the queries' matrices.
    """
    positions = lengths.astype(np.float64)
    projections = positions * (2 * window + 5) * 2 * dim**2
    attention = window * 4 * dim * positions * (positions + 1) / 2
    left, right = torch.randn(64 * 128, dim), torch.randn(dim, window * dim)
    return product_rate(left, right, 1.0) / float((projections + attention).mean())
