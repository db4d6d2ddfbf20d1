"""How good the lists are that users would have been shown, beside the ranks of single held-out items."""

import numpy as np
import polars as pl
import torch

from miqrec.data.batches.slicing import slices
from miqrec.data.histories import Histories, Questions
from miqrec.data.split_config import Held
from miqrec.data.splitting import Splits
from miqrec.evaluation import list_metrics
from miqrec.evaluation.top_lists import ListRequest, recommend_lists


def score_lists(
    request: ListRequest, splits: Splits, part: Held, device: torch.device | str = "cpu"
) -> dict[str, float]:
    """Score one list a user, made at the user's first question, against all that was held out.

    Leave-one-out holds out one item a user, so there recall is the hit rate; a split by time holds out all
    that the user did after the moment.

    Args:
        request: the model, and the length k of the lists.
        splits: what was trained on, and what was held out.
        part: "valid" or "test".
        device: where to compute.

    Returns:
        `recall@k`, `precision@k` and `NDCG@k` with several targets, averaged over users; `coverage@k` and
        `gini@k` of the catalogue; `novelty@k`; and `diversity@k` by attributes, where items have any.

    Raises:
        MiqrecError: nothing is held out, or as `recommend_lists`.
    """
    questions = splits.held(part)
    lists = _lists(request, questions, device)
    targets = pl.DataFrame({"user": questions.users, "item": _told_apart(questions)})
    k, n_items = request.k, questions.n_items
    scores = {
        f"recall@{k}": list_metrics.mean(list_metrics.recall(lists, targets, k)),
        f"precision@{k}": list_metrics.mean(list_metrics.precision(lists, targets, k)),
        f"NDCG@{k}": list_metrics.mean(list_metrics.ndcg(lists, targets, k)),
        f"coverage@{k}": list_metrics.coverage(lists, n_items, k),
        f"gini@{k}": list_metrics.gini(lists, n_items, k),
        f"novelty@{k}": list_metrics.mean(list_metrics.novelty(lists, _log(splits.train), k)),
    }
    items = splits.dataset.catalogue.frame.select(
        pl.int_range(1, pl.len() + 1).alias("item"), "attributes"
    )
    diversity = list_metrics.attribute_diversity(lists, items, k)
    if diversity.height:
        scores[f"diversity@{k}"] = list_metrics.mean(diversity)
    return scores


def _lists(request: ListRequest, questions: Questions, device: torch.device | str) -> pl.DataFrame:
    """List the best items after each user's first history: `user`, `item` and `rank`, internal numbers."""
    users, first = np.unique(questions.users, return_index=True)
    histories = Histories(
        items=questions.items,
        users=users,
        starts=questions.starts[first],
        stops=questions.stops[first],
        n_items=questions.n_items,
        n_users=questions.n_users,
        kinds=questions.kinds,
    )
    lists = recommend_lists(request, histories, device)
    return lists.select(pl.Series("user", users[lists["row"]]), pl.col("id").alias("item"), "rank")


def _told_apart(questions: Questions) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Give each target outside the catalogue a number of its own, so that each counts as a miss."""
    places = np.arange(len(questions.targets))
    return np.where(questions.targets > 0, questions.targets.astype(np.int64), -1 - places)


def _log(train: Histories) -> pl.DataFrame:
    items, rows = slices(train.items, train.starts, train.lengths)
    return pl.DataFrame({"user": train.users[rows.numpy()], "item": items.numpy()})
