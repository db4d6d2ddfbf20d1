"""Scores for a batch of histories: the one way by which whatever ranks or lists items gets them."""

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.mixture import late_mixture
from miqrec.evaluation.ranking import check_finite, exclude
from miqrec.models.protocol import Learner, Model
from miqrec.system.wording import setting

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
        model: anything with `scores(items, lengths)`; a mixture needs `last` and `item_vectors` too. One with
            `candidate_scores(items, lengths, left_out)`, such as an ensemble, is asked by that.
        items: (B, L) internal ids, padded with 0 on the right.
        lengths: (B,) how many of each row are valid; 0 is a history without a known item.
        popularity: (n_items + 1,) float32.
        inference: how the model is used.
        seen: rows and items of the whole histories, or those of the kinds of event that count
            (`miqrec.data.batches.seen`); left out unless `inference.exclude_seen` is false.

    Returns:
        (B, n_items + 1) float32; -inf for padding and what is left out.

    Raises:
        MiqrecError: a score is NaN or infinite, or the model can't give the answers that are to be mixed.
    """
    [scores] = score_mixes(model, items, lengths, popularity, [inference], seen)
    return scores


@torch.no_grad()
def score_mixes(
    model: Model,
    items: Tensor,
    lengths: Tensor,
    popularity: Tensor,
    inferences: Sequence[InferenceConfig],
    seen: Pairs | None = None,
) -> Iterator[Tensor]:
    """Score all items once for each way to use the model, such as several mixtures to choose from.

    The histories are encoded once for all mixtures. Arguments are those of `score_items`, and so is each
    result, one for each of `inferences`.
    """
    for inference in inferences:
        check_mix(model, inference)
    known = lengths.clamp(min=1)
    most = max(n_answers(model, inference) for inference in inferences)
    learner = cast(Learner, model)
    states = learner.last(items, known, most) if most > 1 else None
    for inference in inferences:
        left_out = seen if seen is not None and inference.exclude_seen else _nothing(items)
        if hasattr(model, "candidate_scores"):
            scores = _filled(model.candidate_scores(items, known, left_out), left_out)
        elif states is None or n_answers(model, inference) == 1:
            scores = model.scores(items, known)
        else:
            scores = _filled(_mixed(learner, states, known, inference, left_out), left_out)
        scores[lengths == 0] = popularity.to(scores.device)
        check_finite(scores)
        exclude(scores, *left_out)
        yield scores


def check_mix(model: Model, inference: InferenceConfig) -> None:
    """See that a model has the answers that are to be mixed.

    Raises:
        MiqrecError: it has no states, reads fewer items, or was not trained with a mixture.
    """
    mix = inference.mix
    if mix == "trained" and not hasattr(model, "mixture"):
        raise MiqrecError(
            "this model was not trained with a mixture of answers; give the weights, "
            f"as in {setting('mix', '0.6 0.4')}"
        )
    if not isinstance(mix, tuple) or len(mix) == 1:
        return
    if not (hasattr(model, "last") and hasattr(model, "item_vectors")):
        raise MiqrecError(
            f"{type(model).__name__} has a single answer to a history, so there is nothing to mix; "
            "leave the weights out"
        )
    if len(mix) > model.max_length:
        raise MiqrecError(
            f"{len(mix)} answers can't be mixed: the model reads the newest {model.max_length} items, "
            "and each gives one; give fewer weights"
        )


def n_answers(model: Model, inference: InferenceConfig) -> int:
    """Count the answers that are mixed."""
    if isinstance(inference.mix, tuple):
        return len(inference.mix)
    return model.mixture.n if hasattr(model, "mixture") else 1


def answer_weights(
    model: Learner, states: Tensor, lengths: Tensor, inference: InferenceConfig
) -> Tensor:
    """Weigh the answers that are mixed: (n,) as they were given, or (B, n) by the model's own mixture.

    Args:
        model: one that has these answers.
        states: (B, n, D), the newest first.
        lengths: (B,) how many items of each history the model reads.
        inference: how the model is used.
    """
    if isinstance(inference.mix, tuple):
        return torch.tensor(inference.mix, device=states.device)
    weights: Tensor = model.mixture(states, lengths)  # type: ignore[attr-defined]
    return weights


def _mixed(
    model: Learner, states: Tensor, lengths: Tensor, inference: InferenceConfig, left_out: Pairs
) -> Tensor:
    """Mix the answers of `states` (B, N, D), of which there may be more than are wanted."""
    valid = lengths.clamp(max=model.max_length)
    states = states[:, : n_answers(model, inference)]
    weights = answer_weights(model, states, valid, inference)
    temperature = inference.temperature
    return late_mixture(
        states, model.item_vectors(), weights, valid, seen=left_out, temperature=temperature
    )


def _filled(scores: Tensor, left_out: Pairs) -> Tensor:
    """Give what was no candidate a finite score for now, in place: that it is -inf is no error."""
    scores[left_out] = 0.0
    scores[:, 0] = 0.0
    return scores


def _nothing(items: Tensor) -> Pairs:
    none = torch.empty(0, dtype=torch.int64, device=items.device)
    return none, none
