"""Does attention, rolled out over the layers, order a history's items as leaving them out does?

    PYTHONPATH=src python -m benchmarks.explanation.rollout RUN... [--questions 300] [--mix "0.6 0.4"]

For test questions drawn by a seed, each of the ten best items is explained by leaving out each item of the
history (`miqrec.explanation.leaving_out`). Beside that stand three orders that cost one pass or none, with
the mean over questions of Spearman's rank correlation, and half of its 95 % interval:

- *rollout* (Abnar and Zuidema, 2020, arXiv 2005.00928): the newest row of R_n ... R_1, R_l = (A_l + I) / 2,
  with A_l the attention of layer l, averaged over heads and, for Multi-Item-Query attention, over queries
  by alpha;
- the *last layer*'s attention at the newest position;
- *recency*: the newer an item, the more it counts.

With a late mixture the rows of the positions that answer are averaged by their shares. An influence may be
negative, and attention never is, so both the influences and their sizes are compared.
"""

import argparse
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.evaluation.inference import with_changes
from miqrec.evaluation.top_lists import ListRequest
from miqrec.explanation import leave_one_out, window_of
from miqrec.models.watching import watch
from miqrec.recommender import Recommender

LISTED = 10
SHORTEST = 5
"""Fewer items of a history are hardly an order."""


def main() -> None:
    """Measure the runs that are named, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--mix")
    asked = parser.parse_args()
    for run in asked.runs:
        frame = correlations(Recommender.load(run), asked.questions, asked.mix)
        print(run, frame.height, "histories", *summary(frame), sep="\n  ")


@torch.inference_mode()
def correlations(rec: Recommender, questions: int, mix: str | None = None) -> pl.DataFrame:
    """Correlate each order with leave-one-out: a row a question, a column for each order and comparison."""
    inference = with_changes(rec.artifact.config.inference, mix=mix)
    request = ListRequest(rec.artifact.model.eval(), rec.artifact.popularity, LISTED, inference)
    rows = [_compared(request, history) for history in _histories(rec, questions)]
    return pl.DataFrame(rows)


def rollout(attention: list[Tensor]) -> Tensor:
    """Roll out the attention (L, L) of each layer, the first layer's first: (L, L)."""
    identity = torch.eye(len(attention[0]))
    return reduce(lambda below, layer: (layer + identity) / 2 @ below, attention, identity)


def summary(frame: pl.DataFrame) -> list[str]:
    """Write the mean of each column with half of its 95 % interval."""
    half = 1.96 / np.sqrt(frame.height)
    return [f"{column.name}: {column.mean():.3f} ± {half * column.std():.3f}" for column in frame]


def _histories(rec: Recommender, questions: int) -> Iterator[Tensor]:
    """Draw histories of test questions that are long enough."""
    data = rec.dataset or rec.artifact.config.data.source
    asked = rec.questions("test", data=data)
    longest = np.flatnonzero(asked.lengths >= SHORTEST)
    drawn = np.random.default_rng(0).permutation(longest)[:questions]
    for start, stop in zip(asked.starts[drawn], asked.stops[drawn], strict=True):
        yield torch.from_numpy(asked.items[start:stop].astype(np.int64))


def _compared(request: ListRequest, history: Tensor) -> dict[str, float]:
    found = leave_one_out(request, history).sort("rank", "position")
    influence = found["influence"].to_numpy().reshape(-1, len(found["position"].unique()))  # (k, n)
    return {
        f"{name}, {what}": float(np.mean([_spearman(order, row) for row in values]))
        for name, order in _orders(request, history).items()
        for what, values in (("influence", influence), ("size", np.abs(influence)))
    }


def _orders(request: ListRequest, history: Tensor) -> dict[str, np.ndarray]:
    """Give each cheap order's weights of the items that are read, newest first."""
    model = request.model
    read = history[-model.max_length :]
    calls = watch(model, read.unsqueeze(0), torch.tensor([len(read)]))
    layers = []
    for weights in (call.weights() for call in calls):
        by_query = weights.attention[0].mean(0)  # (L, m, L)
        layers.append((weights.pooling[0].unsqueeze(-1) * by_query).sum(1))  # (L, L)
    shares = window_of(model, history, request.inference).answers["share"].to_torch()
    newest_first = shares @ torch.stack([rollout(layers), layers[-1]]).flip(1, 2)[:, : len(shares)]
    rolled, last = newest_first.numpy()
    return {"rollout": rolled, "last layer": last, "recency": -np.arange(len(read))}


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    ranks = pl.DataFrame({"a": a, "b": b})
    return ranks.select(pl.corr("a", "b", method="spearman")).item() or 0.0


if __name__ == "__main__":
    main()
