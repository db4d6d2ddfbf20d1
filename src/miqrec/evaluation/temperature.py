"""The temperature of a model whose scores were never fitted to be logarithms of probabilities."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import EVALUATION_BATCH, seen_targets
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.ranking import EXCLUDED
from miqrec.models.protocol import Learner, Model, learns

WITHOUT_PROBABILITIES = ("bce", "gbce")
"""Losses that compare a target with a few negatives: the softmax of the scores is no distribution that they
ask for, and is far too sure or too unsure of its items."""


WIDEST = math.log(100)
"""Temperatures from 1/100 to 100 are tried."""
HALVINGS = 16
"""Of that range, which leave it known to 1 in 7000."""


def check_temperature(inference: InferenceConfig, loss: str | None) -> None:
    """See that a model whose answers are mixed has probabilities.

    Args:
        inference: how the model is to be used.
        loss: what it was trained by; None for a model that only counts.

    Raises:
        MiqrecError: its loss doesn't make its scores probabilities, and no temperature was chosen for them.
    """
    mixes = isinstance(inference.mix, tuple) and len(inference.mix) > 1
    if mixes and loss in WITHOUT_PROBABILITIES and inference.temperature == 1:
        raise MiqrecError(
            f"a model trained by {loss} has no probabilities to mix until a temperature is chosen for its "
            "scores on validation: `miqrec stability RUN --choose --save` keeps one with a mixture, and "
            "Recommender.fit_temperature finds it for --temperature"
        )


@torch.inference_mode()
def fit_temperature(
    model: Model,
    questions: Questions,
    inference: InferenceConfig = DEFAULT_INFERENCE,
    *,
    device: torch.device | str = "cpu",
) -> float:
    """Choose the temperature under which the held-out items are most likely (Guo et al., ICML 2017).

    What is asked is the newest answer alone, softmax(s / temperature). With b = 1 / temperature, the mean of
    -log softmax(b s)_target is convex in b, since its slope, the mean of E[s] - s_target under that softmax,
    never falls. The zero of the slope is found by halving.

    Args:
        model: one with states and item vectors.
        questions: those of validation. Questions whose item no list would hold, or without a history, are
            left out.
        inference: says by `exclude_seen` what the softmax runs over.
        device: where to compute.

    Returns:
        The temperature, from 1/100 to 100.

    Raises:
        MiqrecError: the model has no states, or no question is left.
    """
    if not learns(model):
        raise MiqrecError(
            f"{type(model).__name__} has no states whose scores a temperature could divide"
        )
    batches = _answers(model.eval().to(device), questions, inference, device)
    if not sum(int(batch.counted.sum()) for batch in batches):
        raise MiqrecError("no held-out item could be in a list, so there is no likelihood to go by")
    vectors = model.item_vectors().float()
    low, high = -WIDEST, WIDEST  # of log b
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        slope = sum(_slope(batch, vectors, math.exp(middle)) for batch in batches)
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


class _Answers(NamedTuple):
    """The newest states of some questions, and what their softmax is to be judged by."""

    states: Tensor  # (B, D)
    targets: Tensor  # (B,)
    left_out: tuple[Tensor, Tensor]  # rows and items
    counted: Tensor  # (B,) bool


def _answers(
    model: Learner, questions: Questions, inference: InferenceConfig, device: torch.device | str
) -> list[_Answers]:
    examples = EvaluationExamples(questions, model.max_length, inference.exclude_seen)
    loader = evaluation_loader(examples, EVALUATION_BATCH)
    found = []
    for cpu_batch in loader:
        batch = EvaluationBatch(*(tensor.to(device) for tensor in cpu_batch))
        states = model.last(batch.items, batch.lengths.clamp(min=1)).squeeze(1).float()
        counted = (batch.lengths > 0) & (batch.targets > 0)
        left_out = batch.seen_rows, batch.seen_items
        if inference.exclude_seen:
            counted &= ~seen_targets(batch)
        else:
            left_out = left_out[0][:0], left_out[1][:0]
        found.append(_Answers(states, batch.targets, left_out, counted))
    return found


def _slope(batch: _Answers, vectors: Tensor, b: float) -> float:
    """Sum E[s] - s_target over the questions that count, where E is by softmax(b s)."""
    scores = batch.states @ vectors.T  # (B, n_items + 1)
    own = scores.gather(1, batch.targets.unsqueeze(1)).squeeze(1)
    masked = scores.clone()
    masked[batch.left_out] = masked[:, 0] = EXCLUDED
    expected = (masked.mul_(b).softmax(1) * scores).sum(1)
    return float((expected - own)[batch.counted].sum())
