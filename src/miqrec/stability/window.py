"""The window of a trained mixture: which of the newest positions answer, for each history anew.

A model that was trained with adaptive weights decides from its states how much each of the newest n positions
has to say (`miqrec.training`, `answer_weights="adaptive"`). These functions read the weights off a model.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import EVALUATION_BATCH
from miqrec.models.protocol import Model
from miqrec.system.progress import track
from miqrec.system.wording import setting


@torch.inference_mode()
def window_weights(
    model: Model, questions: Questions, *, device: torch.device | str = "cpu"
) -> pl.DataFrame:
    """Read the weights of the newest positions' answers.

    Args:
        model: one that was trained with several answers.
        questions: histories; of an empty one there is no answer to weigh.
        device: where to compute.

    Returns:
        a frame in the order of the questions: `user` (internal number), `length` of the history, and
        `weights`, an array of n numbers, the newest position's first; they sum to 1, and are null for an
        empty history.

    Raises:
        MiqrecError: the model has no mixture.
    """
    mixture: Any = getattr(model, "mixture", None)
    if mixture is None:
        raise MiqrecError(
            f"this model has one answer and no weights to show; train one with {setting('answers', 5)} and "
            f"{setting('answer_weights', 'adaptive')}"
        )
    learner: Any = model.eval().to(device)
    weights = np.full((len(questions.users), mixture.n), np.nan)
    loader = evaluation_loader(EvaluationExamples(questions, model.max_length), EVALUATION_BATCH)
    for cpu_batch in track(loader, "weighing", len(loader)):
        batch = EvaluationBatch(*(tensor.to(device) for tensor in cpu_batch))
        known = batch.lengths.clamp(min=1)
        states = learner.last(batch.items, known, mixture.n)
        weights[batch.questions.cpu()] = mixture(states, known).cpu().numpy()
    weights[questions.lengths == 0] = np.nan
    columns = {"user": questions.users, "length": questions.lengths, "weights": weights}
    return pl.DataFrame(columns).with_columns(
        pl.when(pl.col("length") > 0).then("weights").alias("weights")
    )


def weights_by_length(
    frame: pl.DataFrame, edges: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 50)
) -> pl.DataFrame:
    """Average the weights of histories that are about as long.

    Args:
        frame: what `window_weights` returned.
        edges: the shortest length of each group; the last group has no longest.

    Returns:
        a frame with a row for each group that has histories: `from` (its shortest length), `questions`, and
        `weights`, their means.

    Raises:
        MiqrecError: the edges don't rise from 1 or more, or no history is as long as the first.
    """
    if not edges or edges[0] < 1 or any(b <= a for a, b in pairwise(edges)):
        raise MiqrecError(
            f"groups of histories can't begin at the lengths {list(edges)}; give lengths that rise, from 1 "
            "or more, such as (1, 5, 20)"
        )
    groups = pl.Series(edges)
    place = pl.Series(
        np.searchsorted(groups.to_numpy(), frame["length"].to_numpy(), side="right") - 1
    )
    known = frame.with_columns(place.alias("group")).filter(pl.col("group") >= 0)
    if not known.height:
        raise MiqrecError(f"no history has {edges[0]} items or more that the model knows")
    rows = [
        {
            "from": edges[group],
            "questions": part.height,
            "weights": part["weights"].to_numpy().mean(0).tolist(),
        }
        for (group,), part in known.group_by("group", maintain_order=False)
    ]
    return pl.DataFrame(rows).sort("from")
