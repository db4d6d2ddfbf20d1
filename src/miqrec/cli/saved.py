"""A saved model and the data it is asked about, as `evaluate` and `recommend` want them."""

from pathlib import Path

from miqrec.cli.options import CACHE, Source
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, for_other_data, open_dataset
from miqrec.errors import MiqrecError
from miqrec.recommender import Recommender


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
