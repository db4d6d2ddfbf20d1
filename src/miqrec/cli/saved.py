"""Saved models and the data they are asked about, as the commands want them."""

from collections.abc import Iterable
from pathlib import Path

from miqrec.cli.options import CACHE, Source
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, for_other_data, open_dataset
from miqrec.errors import MiqrecError
from miqrec.experiments.stability.subjects import find_subjects
from miqrec.recommender import Recommender
from miqrec.runs.artifact import artifact_folder


def load_with_data(
    folder: Path, source: Source, *, served: bool = False
) -> tuple[Recommender, Dataset]:
    """Load a model, and the data that is named or else what the model was trained on.

    The data is read with the columns and filters that the model was trained with. Other data are not
    filtered for those who are `served`, nor where they are to be later than all that was trained on.
    """
    recommender = Recommender.load(folder, device=source.device)
    about = recommender.artifact.config
    config = about.data
    place = DataConfig(source=source.data).source if source.data else config.source
    if place is None:
        raise MiqrecError(
            f"{folder} was fitted on a data frame, which is not saved with it; "
            "give the interactions with --data"
        )
    if place != config.source:
        config = for_other_data(config, place, served=served or about.trained_on == "all")
    return recommender, open_dataset(config, data_dir=source.data_dir, cache=CACHE)


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """Find the finished runs at or below each path, or the saved model that it is; each model once."""
    folders = [run.folder for path in paths for run in find_subjects([path])]
    return list({artifact_folder(folder).resolve(): folder for folder in folders}.values())
