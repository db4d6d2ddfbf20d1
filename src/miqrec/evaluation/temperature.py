"""The temperature of a model whose scores were never fitted to be logarithms of probabilities."""

import math
from collections.abc import Callable

import torch

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.likelihood import Loss, answers_to, loss_at
from miqrec.evaluation.scoring import check_mix, n_answers
from miqrec.models.protocol import Model, learns

WITHOUT_PROBABILITIES = ("bce", "gbce")
"""Losses that compare a target with a few negatives: the softmax of the scores is no distribution that they
ask for, and is far too sure or too unsure of its items."""


WIDEST = math.log(100)
"""Temperatures from 1/100 to 100 are tried."""
HALVINGS = 16
"""Of that range, which leave it known to 1 in 7000."""
GRID = 17
"""How many temperatures are tried for a mixture before halving: each is 1.8 times the one before."""


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

    The likelihood is that of the distribution that lists are made by: softmax(s / temperature) of the newest
    answer, or the mixture of several. With b = 1 / temperature, the loss of a single answer is convex in b,
    so the zero of its slope is found by halving. That of a mixture need not be: halving begins between the
    neighbours of the best temperature of a grid.

    Args:
        model: one with states and item vectors.
        questions: those of validation. Questions whose item no list would hold, or without a history, are
            left out.
        inference: says what the softmaxes run over, and which answers are mixed; its temperature has no
            part in it.
        device: where to compute.

    Returns:
        The temperature, from 1/100 to 100.

    Raises:
        MiqrecError: the model has no states or not the answers that are to be mixed, or no question is left.
    """
    if not learns(model):
        raise MiqrecError(
            f"{type(model).__name__} has no states whose scores a temperature could divide"
        )
    check_mix(model, inference)
    batches = answers_to(model.eval().to(device), questions, inference, device)
    if not sum(int(batch.counted.sum()) for batch in batches):
        raise MiqrecError("no held-out item could be in a list, so there is no likelihood to go by")
    vectors = model.item_vectors().float()

    def loss(log_b: float) -> Loss:
        return loss_at(batches, vectors, math.exp(log_b))

    single = n_answers(model, inference) == 1
    low, high = (-WIDEST, WIDEST) if single else _around_best(loss)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if loss(middle).slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def _around_best(loss: Callable[[float], Loss]) -> tuple[float, float]:
    """Find the best of a grid of log b, and return its neighbours."""
    grid = [WIDEST * (2 * place / (GRID - 1) - 1) for place in range(GRID)]
    values = [loss(log_b).value for log_b in grid]
    best = values.index(min(values))
    return grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
