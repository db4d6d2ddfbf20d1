"""A saved model and the data it is asked about, as `evaluate` and `recommend` want them."""

from pathlib import Path

from miqrec.cli.options import CACHE
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, for_other_data, open_dataset
from miqrec.errors import MiqrecError
from miqrec.recommender import Recommender


def load_with_data(
    folder: Path,
    data: str | None,
    data_dir: Path | None,
    device: str | None = None,
    *,
    served: bool = False,
) -> tuple[Recommender, Dataset]:
    """Load a model, and the data that is named or else what the model was trained on.

    The data is read with the columns and filters that the model was trained with. Other data are not
    filtered for those who are `served`, nor where they are to be later than all that was trained on.
    """
    recommender = Recommender.load(folder, device=device)
    about = recommender.artifact.config
    config = about.data
    source = DataConfig(source=data).source if data else config.source
    if source is None:
        raise MiqrecError(
            f"{folder} was fitted on a data frame, which is not saved with it; "
            "give the interactions with --data"
        )
    if source != config.source:
        config = for_other_data(config, source, served=served or about.trained_on == "all")
    return recommender, open_dataset(config, data_dir=data_dir, cache=CACHE)
