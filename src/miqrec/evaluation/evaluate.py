"""The rank of every held-out item among all items: the one place where models are judged."""

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.histories import Questions
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.ranking import candidate_ranks
from miqrec.evaluation.scoring import score_items
from miqrec.models.protocol import Model
from miqrec.system.forks import refuse_stuck_process
from miqrec.system.progress import track

EVALUATION_BATCH = 256
"""Questions ranked at a time: questions x items is never held whole."""
SCORES = 2**26
"""The most scores held at a time, 256 MiB: of a large catalogue fewer questions are ranked at a time."""


def batch_ranks(
    model: Model,
    batch: EvaluationBatch,
    popularity: Tensor,
    inference: InferenceConfig = DEFAULT_INFERENCE,
) -> Tensor:
    """Rank each row's target among all items, (B,) int64: 1 + the items that score higher or equal.

    What no list would ever hold is a miss, of rank n_items: a target that the catalogue doesn't have, and,
    with `inference.exclude_seen`, one that the history holds already.

    Args:
        model: anything with `scores(items, lengths) -> (B, n_items + 1)`.
        batch: histories, their targets and what was seen before them.
        popularity: (n_items + 1,) answers where a history has no known item.
        inference: how the model is used.
    """
    seen = batch.seen_rows, batch.seen_items
    scores = score_items(model, batch.items, batch.lengths, popularity, inference, seen)
    missed = batch.targets == 0
    if inference.exclude_seen:
        missed |= seen_targets(batch)
    return candidate_ranks(scores, batch.targets).masked_fill(missed, scores.shape[1] - 1)


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
    inference: InferenceConfig = DEFAULT_INFERENCE,
    *,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Rank the target of every question.

    Args:
        model: anything with `scores` and `max_length`.
        questions: histories and the items that followed them.
        popularity: (n_items + 1,) answers where a history has no known item.
        inference: how the model is used, the same as in recommending.
        device: where to compute.

    Returns:
        A frame in the order of the questions: `question` (its number), `user` (internal number), `target`
        (internal id, 0 where the catalogue doesn't have it), `rank`, and `seen` (whether the history holds
        the target already, by an event of the kinds that count).

    Raises:
        MiqrecError: the model gives scores that are not finite, or doesn't have the answers to mix.
    """
    refuse_stuck_process()
    batch_size = max(min(EVALUATION_BATCH, SCORES // (questions.n_items + 1)), 1)
    examples = EvaluationExamples(questions, model.max_length, inference.exclude_seen)
    loader = evaluation_loader(examples, batch_size)
    model.eval().to(device)
    places, all_ranks, seen = [], [], []
    for batch in track(loader, "ranking", len(loader)):
        moved = EvaluationBatch(*(tensor.to(device) for tensor in batch))
        all_ranks.append(batch_ranks(model, moved, popularity, inference).cpu())
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
