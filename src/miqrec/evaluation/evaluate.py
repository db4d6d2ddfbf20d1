"""The rank of every held-out item among all items: the one place where models are judged."""

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.sequences import Sequences, Split
from miqrec.evaluation.ranking import ranks
from miqrec.models.protocol import Model
from miqrec.system.progress import track

EVALUATION_BATCH = 256
"""Users ranked at a time: users x items is never held whole."""


def batch_ranks(model: Model, batch: EvaluationBatch, *, exclude_seen: bool = True) -> Tensor:
    """The rank of each row's target, (B,) int64: 1 + the items that score higher or equal.

    Args:
        model: anything with `scores(items, lengths) -> (B, n_items + 1)`.
        batch: histories, their targets and what was seen before them.
        exclude_seen: leave out the items of the whole history; the target never is.
    """
    scores = model.scores(batch.items, batch.lengths)  # (B, n_items + 1)
    seen = (batch.seen_rows, batch.seen_items) if exclude_seen else None
    return ranks(scores, batch.targets, seen)


@torch.inference_mode()
def evaluate(
    model: Model,
    sequences: Sequences,
    split: Split,
    *,
    exclude_seen: bool = True,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Rank the held-out item of every user who has one.

    Returns:
        a frame with `user` (internal number), `target` (internal id) and `rank`, in the order of users.

    Raises:
        MiqrecError: nobody is left to evaluate on, or the model gives scores that are not finite.
    """
    examples = EvaluationExamples(sequences, split, model.max_length)
    loader = evaluation_loader(examples, EVALUATION_BATCH)
    model.eval().to(device)
    parts = []
    for batch in track(loader, f"ranking the {split} items", len(loader)):
        moved = EvaluationBatch(*(tensor.to(device) for tensor in batch))
        found = batch_ranks(model, moved, exclude_seen=exclude_seen).cpu()
        parts.append((batch.users, batch.targets, found))
    users, targets, all_ranks = (
        np.concatenate([np.asarray(part) for part in column]) for column in zip(*parts, strict=True)
    )
    return pl.DataFrame({"user": users, "target": targets, "rank": all_ranks}).sort("user")
