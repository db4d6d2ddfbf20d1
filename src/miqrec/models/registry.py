"""The one place where a config's name becomes a class; a new model joins by a line in `MODELS`."""

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from miqrec.config import Config
from miqrec.models.encoder import Encoder
from miqrec.models.gru4rec import GRU4Rec, GRU4RecConfig
from miqrec.models.markov import Markov, MarkovConfig
from miqrec.models.popularity import Popularity, PopularityConfig
from miqrec.models.s3rec import MIQS3RecConfig, S3Rec, S3RecConfig
from miqrec.models.sasrec import MIQSASRecConfig, SASRec, SASRecConfig
from miqrec.models.srgnn import SRGNN, SRGNNConfig

Model = Encoder | Popularity | Markov

ModelConfig = Annotated[
    SASRecConfig
    | MIQSASRecConfig
    | S3RecConfig
    | MIQS3RecConfig
    | GRU4RecConfig
    | SRGNNConfig
    | PopularityConfig
    | MarkovConfig,
    Field(discriminator="name"),
]


class Entry(NamedTuple):
    """A model's config and the class that it configures."""

    config: type[Config]
    model: type[Model]


MODELS: dict[str, Entry] = {
    "sasrec": Entry(SASRecConfig, SASRec),
    "miq-sasrec": Entry(MIQSASRecConfig, SASRec),
    "s3rec": Entry(S3RecConfig, S3Rec),
    "miq-s3rec": Entry(MIQS3RecConfig, S3Rec),
    "gru4rec": Entry(GRU4RecConfig, GRU4Rec),
    "sr-gnn": Entry(SRGNNConfig, SRGNN),
    "popularity": Entry(PopularityConfig, Popularity),
    "markov": Entry(MarkovConfig, Markov),
}


def build_model(config: Any, n_items: int) -> Model:
    """A new model with fresh weights; within `miqrec.system.seeds.seeded` its seed decides them."""
    return MODELS[config.name].model(n_items, config)
