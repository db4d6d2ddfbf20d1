"""How a saved model is used this time: what is given, and for the rest what was saved with it."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from miqrec.data.kind_names import check_kinds
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, Mix, with_changes
from miqrec.evaluation.probabilities import check_probabilities
from miqrec.evaluation.scoring import check_mix, n_answers
from miqrec.evaluation.temperature import check_temperature
from miqrec.runs.artifact import Artifact


class Usage(TypedDict, total=False):
    """How a saved model is used; what is None or left out is as it was saved.

    `Recommender.recommend` says what each of them means.
    """

    mix: Mix | None
    temperature: float | None
    exclude_seen: bool | Sequence[str] | None


def choose_inference(artifact: Artifact, **given: Unpack[Usage]) -> InferenceConfig:
    """Take what is given, and for the rest what was saved with the model.

    Raises:
        MiqrecError: a value is out of range, or the model doesn't have the answers to mix.
    """
    config = artifact.config
    inference = with_changes(config.inference, **given)
    if given.get("exclude_seen") is not None and not isinstance(inference.exclude_seen, bool):
        check_kinds(inference.exclude_seen, config.kinds, "seen items are left out")
    check_mix(artifact.model, inference)
    check_temperature(inference, _loss(artifact))
    return inference


def choose_for_lists(
    artifact: Artifact, *, with_probability: bool = False, **given: Unpack[Usage]
) -> InferenceConfig:
    """Choose as `choose_inference` does, and see that lists can be made so.

    Raises:
        MiqrecError: as `choose_inference`; or probabilities are wanted, and the model has none; or a
            temperature is given where the order of a single answer's scores is all that counts.
    """
    inference = choose_inference(artifact, **given)
    if with_probability:
        check_probabilities(artifact.model, inference, _loss(artifact))
    elif given.get("temperature") is not None and n_answers(artifact.model, inference) == 1:
        raise MiqrecError(
            "a temperature changes nothing where a single answer counts; give the weights of several, "
            'as in mix="0.6 0.4" (--mix)'
        )
    return inference


def _loss(artifact: Artifact) -> str | None:
    return artifact.config.training.loss if artifact.config.training else None
