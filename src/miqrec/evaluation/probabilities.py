"""Scores as probabilities: how likely each item is to be the next one."""

from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import n_answers
from miqrec.evaluation.temperature import WITHOUT_PROBABILITIES
from miqrec.models.protocol import Model, learns


def log_probabilities(scores: Tensor, model: Model, inference: InferenceConfig) -> Tensor:
    """Compute the distribution by which a list is made, over the items that it may hold.

    It is softmax(s / temperature), or the mixture of several positions' softmaxes, whose scores are
    log-probabilities already.

    Args:
        scores: (B, n_items + 1) of `score_items`, -inf for what is left out.
        model: the model that they are of.
        inference: how it was used.

    Returns:
        (B, n_items + 1); -inf for what is left out.
    """
    if n_answers(model, inference) > 1:
        return scores.log_softmax(1)
    return (scores / inference.temperature).log_softmax(1)


def check_probabilities(model: Model, inference: InferenceConfig, loss: str | None) -> None:
    """See that a model's scores can be made probabilities.

    Args:
        model: the model.
        inference: how it is to be used.
        loss: what it was trained by; None for a model that only counts.

    Raises:
        MiqrecError: the model only counts, or its loss needs a temperature and there is none.
    """
    if not learns(model):
        raise MiqrecError(
            f"{type(model).__name__} ranks items without saying how likely they are; leave out the "
            "uncertainty, or use a model that is trained"
        )
    if loss in WITHOUT_PROBABILITIES and inference.temperature == 1:
        raise MiqrecError(
            f"a model trained by {loss} has no probabilities until a temperature is chosen for its scores; "
            "let Recommender.fit_temperature choose one on validation, or train by ce"
        )
