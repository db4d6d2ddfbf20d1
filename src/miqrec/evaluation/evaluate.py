"""The rank of every held-out item among all items: the one place where models are judged."""

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.histories import Questions
from miqrec.evaluation.ranking import ranks
from miqrec.evaluation.scoring import scores_or_popularity
from miqrec.models.protocol import Model
from miqrec.system.progress import track

EVALUATION_BATCH = 256
"""Questions ranked at a time: questions x items is never held whole."""


def batch_ranks(
    model: Model, batch: EvaluationBatch, popularity: Tensor, *, exclude_seen: bool = True
) -> Tensor:
    """Rank each row's target among all items, (B,) int64: 1 + the items that score higher or equal.

    What no list would ever hold is a miss, of rank n_items: a target that the catalogue doesn't have, and,
    with `exclude_seen`, one that the history holds already.

    Args:
        model: anything with `scores(items, lengths) -> (B, n_items + 1)`.
        batch: histories, their targets and what was seen before them.
        popularity: (n_items + 1,) answers where a history has no known item.
        exclude_seen: leave out the items of the whole history.
    """
    scores = scores_or_popularity(model, batch.items, batch.lengths, popularity)
    n_items = scores.shape[1] - 1
    if not exclude_seen:
        return ranks(scores, batch.targets).masked_fill(batch.targets == 0, n_items)
    found = ranks(scores, batch.targets, (batch.seen_rows, batch.seen_items))
    return found.masked_fill((batch.targets == 0) | seen_targets(batch), n_items)


def seen_targets(batch: EvaluationBatch) -> Tensor:
    """Mark the rows whose history holds the target already, (B,) bool."""
    same = batch.seen_items == batch.targets[batch.seen_rows]
    seen = torch.zeros_like(batch.targets, dtype=torch.bool)
    seen[batch.seen_rows[same]] = True
    return seen


@torch.inference_mode()
def rank_questions(
    model: Model,
    questions: Questions,
    popularity: Tensor,
    *,
    exclude_seen: bool = True,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Rank the target of every question.

    Args:
        model: anything with `scores` and `max_length`.
        questions: histories and the items that followed them.
        popularity: (n_items + 1,) answers where a history has no known item.
        exclude_seen: leave out the items of the history, as recommending does.
        device: where to compute.

    Returns:
        A frame in the order of the questions: `question` (its number), `user` (internal number), `target`
        (internal id, 0 where the catalogue doesn't have it), `rank`, and `seen` (whether the history holds
        the target already).

    Raises:
        MiqrecError: the model gives scores that are not finite.
    """
    loader = evaluation_loader(EvaluationExamples(questions, model.max_length), EVALUATION_BATCH)
    model.eval().to(device)
    places, all_ranks, seen = [], [], []
    for batch in track(loader, "ranking", len(loader)):
        moved = EvaluationBatch(*(tensor.to(device) for tensor in batch))
        all_ranks.append(batch_ranks(model, moved, popularity, exclude_seen=exclude_seen).cpu())
        places.append(batch.questions)
        seen.append(seen_targets(batch))
    frame = pl.DataFrame(
        {
            "question": torch.cat(places).numpy(),
            "rank": torch.cat(all_ranks).numpy(),
            "seen": torch.cat(seen).numpy(),
        }
    ).sort("question")
    users = pl.Series("user", questions.users)
    targets = pl.Series("target", questions.targets.astype(np.int64))
    return frame.with_columns(users, targets).select("question", "user", "target", "rank", "seen")
