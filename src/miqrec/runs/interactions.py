"""The interactions that a saved model is asked about, read and split as those that it was fitted on."""

import warnings
from typing import Any

from miqrec.data.dataset import Dataset
from miqrec.data.open import for_other_data, open_dataset, source_or_frame
from miqrec.data.split_config import Held
from miqrec.data.splitting import Splits, split, split_later
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.runs.artifact import Artifact
from miqrec.system.forks import refuse_stuck_process


def interactions(
    artifact: Artifact, data: Any, at_hand: Dataset | None, *, served: bool = False
) -> Dataset:
    """Open the interactions that were brought, or else take those that are at hand.

    Args:
        artifact: The model, which knows the columns and filters of its data.
        data: As for `Recommender.fit`; None for those at hand.
        at_hand: The interactions that the model was fitted on, unless it was loaded.
        served: Whether users are served from other data, which are then not filtered.

    Raises:
        MiqrecError: There are none.
    """
    if isinstance(data, Dataset):
        return data
    if data is not None:
        source, frame = source_or_frame(data)
        return open_dataset(
            for_other_data(artifact.config.data, source, frame, served=served), frame
        )
    if at_hand is None:
        raise MiqrecError(
            "a saved model holds no histories; bring the interactions again "
            "(data=... in Python, --data on the command line), or give histories themselves"
        )
    return at_hand


def held_out(artifact: Artifact, part: Held, data: Any, at_hand: Dataset | None) -> Splits:
    """Split data as those were that the model was fitted on, in the model's own item numbers.

    A model that was fitted on everything is asked for what happened later.

    Args:
        artifact: The model, which knows how its data were split.
        part: What it is to be evaluated on.
        data: As for `interactions`.
        at_hand: As for `interactions`.

    Raises:
        MiqrecError: There are no data, or the model was fitted on everything and nothing is later.
    """
    refuse_stuck_process()
    config = artifact.config
    until = _trained_until(artifact, part) if config.trained_on == "all" else None
    dataset = interactions(artifact, data, at_hand, served=until is not None)
    if until is not None:
        return split_later(dataset, until, artifact.catalogue, config.split)
    splits = split(dataset, config.split, artifact.catalogue)
    if splits.fingerprint != config.fingerprint:
        warnings.warn(
            "this is not the data that the model was fitted on; what is held out here may have "
            "been part of its training",
            MiqrecWarning,
            stacklevel=4,
        )
    return splits


def _trained_until(artifact: Artifact, part: Held) -> str:
    """Return the moment after which a model that was fitted on everything can be evaluated.

    Raises:
        MiqrecError: Its data had no times, or it is asked for validation.
    """
    until = artifact.config.trained_until
    if until is not None and part == "test":
        return until
    reason = (
        "of what happened later there is a test part, and no validation"
        if until
        else "its data had no times that say what happened later"
    )
    raise MiqrecError(
        "this model was fitted on everything, the held-out items too, so its scores on them "
        f"would mean nothing, and {reason}; evaluate the model that was not fitted on everything"
    )
