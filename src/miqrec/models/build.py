"""The one place where a config's name becomes a class; a new model joins by a line in `MODELS`."""

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from miqrec.config import Config
from miqrec.models.encoder import Encoder
from miqrec.models.markov import Markov, MarkovConfig
from miqrec.models.popularity import Popularity, PopularityConfig
from miqrec.models.sasrec import MIQSASRecConfig, SASRec, SASRecConfig

Model = Encoder | Popularity | Markov

ModelConfig = Annotated[
    SASRecConfig | MIQSASRecConfig | PopularityConfig | MarkovConfig,
    Field(discriminator="name"),
]


class Entry(NamedTuple):
    """A model's config and the class that it configures."""

    config: type[Config]
    model: type[Model]


MODELS: dict[str, Entry] = {
    "sasrec": Entry(SASRecConfig, SASRec),
    "miq-sasrec": Entry(MIQSASRecConfig, SASRec),
    "popularity": Entry(PopularityConfig, Popularity),
    "markov": Entry(MarkovConfig, Markov),
}


def build_model(config: Any, n_items: int) -> Model:
    """A new model with fresh weights; `torch.manual_seed` before it decides them."""
    return MODELS[config.name].model(n_items, config)
