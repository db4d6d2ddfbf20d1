"""How a saved model is used this time: what is given, and for the rest what was saved with it."""

from collections.abc import Sequence

from miqrec.data.kind_names import check_kinds
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, Mix, with_changes
from miqrec.evaluation.probabilities import check_probabilities
from miqrec.evaluation.scoring import check_mix, n_answers
from miqrec.evaluation.temperature import check_temperature
from miqrec.runs.artifact import Artifact


def choose_inference(
    artifact: Artifact,
    mix: Mix | None = None,
    temperature: float | None = None,
    exclude_seen: bool | Sequence[str] | None = None,
) -> InferenceConfig:
    """Take what is given, and for the rest what was saved with the model.

    Raises:
        MiqrecError: a value is out of range, or the model doesn't have the answers to mix.
    """
    config = artifact.config
    inference = with_changes(
        config.inference, mix=mix, temperature=temperature, exclude_seen=exclude_seen
    )
    if exclude_seen is not None and not isinstance(inference.exclude_seen, bool):
        check_kinds(inference.exclude_seen, config.kinds, "seen items are left out")
    check_mix(artifact.model, inference)
    check_temperature(inference, _loss(artifact))
    return inference


def choose_for_lists(
    artifact: Artifact,
    mix: Mix | None = None,
    temperature: float | None = None,
    exclude_seen: bool | Sequence[str] | None = None,
) -> InferenceConfig:
    """Choose as `choose_inference` does, for scores whose order alone counts.

    Raises:
        MiqrecError: as `choose_inference`; or a temperature is given, and it would change no order.
    """
    inference = choose_inference(artifact, mix, temperature, exclude_seen)
    if temperature is not None and n_answers(artifact.model, inference) == 1:
        raise MiqrecError(
            "a temperature changes nothing where a single answer counts; give the weights of several, "
            'as in mix="0.6 0.4" (--mix)'
        )
    return inference


def choose_for_probabilities(
    artifact: Artifact,
    mix: Mix | None = None,
    temperature: float | None = None,
    exclude_seen: bool | Sequence[str] | None = None,
) -> InferenceConfig:
    """Choose as `choose_inference` does, where a temperature counts for a single answer too.

    Raises:
        MiqrecError: as `choose_inference`; or the model has no probabilities.
    """
    inference = choose_inference(artifact, mix, temperature, exclude_seen)
    check_probabilities(artifact.model, inference, _loss(artifact))
    return inference


def _loss(artifact: Artifact) -> str | None:
    return artifact.config.training.loss if artifact.config.training else None
