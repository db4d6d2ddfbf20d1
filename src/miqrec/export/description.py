"""What an exported file says of itself: the items by their internal ids, and how the model is used."""

import json
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.probabilities import check_probabilities
from miqrec.evaluation.scoring import n_answers
from miqrec.runs.artifact import Artifact

FORMAT = 1

KEY = "miqrec"
"""Where the description stands: the name of a metadata property in ONNX, of an extra file in PyTorch."""


def describe(artifact: Artifact, inference: InferenceConfig, k: int) -> str:
    """Write the description as JSON; entry i of each list of `items` belongs to internal id i + 1."""
    frame = artifact.catalogue.frame
    content: dict[str, Any] = {
        "format": FORMAT,
        "miqrec": artifact.config.miqrec,
        "model": artifact.config.model.model_dump() | {"name": artifact.config.model.name},
        "fingerprint": artifact.config.fingerprint,
        "item_column": artifact.config.data.columns.item,
        "trained_on": artifact.config.trained_on,
        "inference": inference.model_dump(),
        "answers": n_answers(artifact.model, inference),
        "probabilities": _has_probabilities(artifact, inference),
        "max_length": artifact.model.max_length,
        "k": k,
        "items": frame.to_dict(as_series=False) | {"count": artifact.counts.tolist()},
    }
    return json.dumps(content, ensure_ascii=False)


def _has_probabilities(artifact: Artifact, inference: InferenceConfig) -> bool:
    """Whether the softmax of the scores says how likely items are."""
    training = artifact.config.training
    try:
        check_probabilities(artifact.model, inference, training.loss if training else None)
    except MiqrecError:
        return False
    return True
