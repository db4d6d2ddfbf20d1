"""Scores for a batch of histories: the one way by which whatever ranks or lists items gets them."""

from typing import cast

import torch
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.mixture import late_mixture
from miqrec.evaluation.ranking import check_finite, exclude
from miqrec.models.protocol import Learner, Model

Pairs = tuple[Tensor, Tensor]
"""Flat pairs: rows of a batch, and an item of each."""


@torch.no_grad()
def score_items(
    model: Model,
    items: Tensor,
    lengths: Tensor,
    popularity: Tensor,
    inference: InferenceConfig = DEFAULT_INFERENCE,
    seen: Pairs | None = None,
) -> Tensor:
    """Score all items as the next one; popularity answers where there is no history.

    The scores are the model's own, or, where several positions answer, the log-probabilities of their
    mixture (`miqrec.evaluation.mixture`). Evaluation and recommending share this function, so what is
    measured is what is served.

    Args:
        model: anything with `scores(items, lengths)`; a mixture needs `last` and `item_vectors` too.
        items: (B, L) internal ids, padded with 0 on the right.
        lengths: (B,) how many of each row are valid; 0 is a history without a known item.
        popularity: (n_items + 1,) float32.
        inference: how the model is used.
        seen: rows and items of the whole histories, which `inference.exclude_seen` leaves out.

    Returns:
        (B, n_items + 1) float32; -inf for padding and what is left out.

    Raises:
        MiqrecError: a score is NaN or infinite, or the model can't give the answers that are to be mixed.
    """
    left_out = seen if seen is not None and inference.exclude_seen else _nothing(items)
    scores = _model_scores(model, items, lengths.clamp(min=1), inference, left_out)
    without_history = lengths == 0
    if without_history.any():
        scores[without_history] = popularity.to(scores.device)
    check_finite(scores)
    exclude(scores, *left_out)
    return scores


def check_mix(model: Model, inference: InferenceConfig) -> None:
    """See that a model has the answers that are to be mixed.

    Raises:
        MiqrecError: it has no states, reads fewer items, or was not trained with a mixture.
    """
    mix = inference.mix
    if mix == "trained" and not hasattr(model, "mixture"):
        raise MiqrecError(
            "this model was not trained with a mixture of answers; give the weights, "
            'as in --mix "0.6 0.4"'
        )
    if not isinstance(mix, tuple) or len(mix) == 1:
        return
    if not (hasattr(model, "last") and hasattr(model, "item_vectors")):
        raise MiqrecError(
            f"{type(model).__name__} has a single answer to a history, so there is nothing to mix; "
            "leave --mix out"
        )
    if len(mix) > model.max_length:
        raise MiqrecError(
            f"{len(mix)} answers can't be mixed: the model reads the newest {model.max_length} items, "
            "and each gives one; give fewer weights"
        )


def _model_scores(
    model: Model, items: Tensor, lengths: Tensor, inference: InferenceConfig, left_out: Pairs
) -> Tensor:
    check_mix(model, inference)
    mix = inference.mix or ("trained" if hasattr(model, "mixture") else (1.0,))
    if mix != "trained" and len(mix) == 1:
        return model.scores(items, lengths)
    learner = cast(Learner, model)
    states, weights = _answers(learner, items, lengths, mix)
    scores = late_mixture(
        states,
        learner.item_vectors(),
        weights,
        lengths.clamp(max=model.max_length),
        seen=left_out,
        temperature=inference.temperature,
    )
    scores[left_out] = 0.0  # these were no candidates, so that they are -inf is no error
    scores[:, 0] = 0.0
    return scores


def _answers(
    model: Learner, items: Tensor, lengths: Tensor, mix: tuple[float, ...] | str
) -> tuple[Tensor, Tensor]:
    """Give the newest n states (B, n, D) and their weights, (n,) or (B, n)."""
    if isinstance(mix, str):
        mixture = model.mixture  # type: ignore[attr-defined]
        states = model.last(items, lengths, mixture.n)
        return states, mixture(states, lengths.clamp(max=model.max_length))
    n = min(len(mix), items.shape[1])  # more than the longest history has are left out
    return model.last(items, lengths, n), torch.tensor(mix[:n], device=items.device)


def _nothing(items: Tensor) -> Pairs:
    none = torch.empty(0, dtype=torch.int64, device=items.device)
    return none, none
