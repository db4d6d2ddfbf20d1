"""The temperature of a model whose scores were never fitted to be logarithms of probabilities."""

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig

WITHOUT_PROBABILITIES = ("bce", "gbce")
"""Losses that compare a target with a few negatives: the softmax of the scores is no distribution that they
ask for, and is far too sure or too unsure of its items."""


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
            "scores; give --temperature, or train by ce"
        )
