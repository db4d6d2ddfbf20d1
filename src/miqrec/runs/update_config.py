"""How a saved model is updated, and the log that it is updated on."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from miqrec.config import Config, explain
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset, source_or_frame
from miqrec.errors import MiqrecError
from miqrec.runs.artifact import Artifact


class UpdateConfig(Config):
    """How a model is updated; the rest is as it was trained."""

    epochs: int = Field(2, ge=1)
    """How many passes over what is new and what is replayed."""
    replay: float = Field(40.0, ge=0)
    """How many of the newest old interactions are learned again for each new one: with 40, an update a day
    learns from six weeks."""
    learning_rate: float | None = Field(None, gt=0)
    """The learning rate; None for that of the training."""


def read_update(values: dict[str, Any]) -> UpdateConfig:
    """Read the settings of an update.

    Raises:
        MiqrecError: There is no such setting, or a value is out of range.
    """
    try:
        return UpdateConfig(**values)
    except ValidationError as error:
        raise MiqrecError(explain(error)) from error


def open_log(
    artifact: Artifact,
    data: Any,
    items: Any = None,
    *,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> tuple[Dataset, DataConfig]:
    """Read the log that goes on as the model's was read, and say how.

    Args:
        artifact: The model.
        data: As for `Recommender.fit`; None for what the model was fitted on, which has grown since.
        items: Titles and attributes, a path or a frame; None for the file that the model's came from.
        data_dir: Where the named data sets are looked for first.
        cache: A folder for the prepared form of files.

    Raises:
        MiqrecError: The model was fitted on a frame and no data are given, or they can't be read.
    """
    before = artifact.config.data
    source, frame = (before.source, None) if data is None else source_or_frame(data)
    if source is None and frame is None:
        raise MiqrecError(
            "the model was fitted on a data frame, which is not saved with it; give data"
        )
    if isinstance(frame, Dataset):
        return frame, before.model_copy(update={"source": None, "items": None})
    path = str(items) if isinstance(items, str | Path) else None
    changed: dict[str, Any] = {"source": source}
    if source != before.source:
        changed["columns"] = before.columns.model_copy(update={"separator": None})
    if items is not None:
        changed["items"] = path
    about = DataConfig(**before.model_dump() | changed)
    described = items if path is None else None
    return open_dataset(about, frame, described, data_dir=data_dir, cache=cache), about
