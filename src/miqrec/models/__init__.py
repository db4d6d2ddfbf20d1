"""Models: one file each, what a model must have, and the registry that knows models by name.

A name is imported when it is asked for: the registry alone needs no PyTorch.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.config import Config
    from miqrec.models.ablation import build_miq_sasrec_ablation
    from miqrec.models.configs.ablation import MIQSASRecAblationConfig
    from miqrec.models.configs.gru4rec import GRU4RecConfig
    from miqrec.models.configs.markov import MarkovConfig
    from miqrec.models.configs.popularity import PopularityConfig
    from miqrec.models.configs.s3rec import MIQS3RecConfig, S3RecConfig
    from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
    from miqrec.models.configs.srgnn import SRGNNConfig
    from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
    from miqrec.models.encoder import Encoder
    from miqrec.models.gru4rec import GRU4Rec
    from miqrec.models.markov import Markov
    from miqrec.models.popularity import Popularity
    from miqrec.models.protocol import Counter, Learner, Model, Pretrainable
    from miqrec.models.registry import build_model, find_model, model_names, register
    from miqrec.models.s3rec import S3Rec, build_miq_s3rec, build_s3rec
    from miqrec.models.sasrec import build_miq_sasrec, build_sasrec
    from miqrec.models.srgnn import SRGNN
    from miqrec.models.transformer import (
        BuildAttention,
        Transformer,
        s3rec_parts,
        sasrec_parts,
    )

__all__ = [
    "SRGNN",
    "BuildAttention",
    "Config",
    "Counter",
    "Encoder",
    "GRU4Rec",
    "GRU4RecConfig",
    "Learner",
    "MIQS3RecConfig",
    "MIQSASRecAblationConfig",
    "MIQSASRecConfig",
    "MIQTransformerConfig",
    "Markov",
    "MarkovConfig",
    "Model",
    "Popularity",
    "PopularityConfig",
    "Pretrainable",
    "S3Rec",
    "S3RecConfig",
    "SASRecConfig",
    "SRGNNConfig",
    "Transformer",
    "TransformerConfig",
    "build_miq_s3rec",
    "build_miq_sasrec",
    "build_miq_sasrec_ablation",
    "build_model",
    "build_s3rec",
    "build_sasrec",
    "find_model",
    "model_names",
    "register",
    "s3rec_parts",
    "sasrec_parts",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.config": ["Config"],
        "miqrec.models.ablation": ["build_miq_sasrec_ablation"],
        "miqrec.models.configs.ablation": ["MIQSASRecAblationConfig"],
        "miqrec.models.configs.gru4rec": ["GRU4RecConfig"],
        "miqrec.models.configs.markov": ["MarkovConfig"],
        "miqrec.models.configs.popularity": ["PopularityConfig"],
        "miqrec.models.configs.s3rec": ["MIQS3RecConfig", "S3RecConfig"],
        "miqrec.models.configs.sasrec": ["MIQSASRecConfig", "SASRecConfig"],
        "miqrec.models.configs.srgnn": ["SRGNNConfig"],
        "miqrec.models.configs.transformer": ["MIQTransformerConfig", "TransformerConfig"],
        "miqrec.models.encoder": ["Encoder"],
        "miqrec.models.gru4rec": ["GRU4Rec"],
        "miqrec.models.markov": ["Markov"],
        "miqrec.models.popularity": ["Popularity"],
        "miqrec.models.protocol": ["Counter", "Learner", "Model", "Pretrainable"],
        "miqrec.models.registry": ["build_model", "find_model", "model_names", "register"],
        "miqrec.models.s3rec": ["S3Rec", "build_miq_s3rec", "build_s3rec"],
        "miqrec.models.sasrec": ["build_miq_sasrec", "build_sasrec"],
        "miqrec.models.srgnn": ["SRGNN"],
        "miqrec.models.transformer": [
            "BuildAttention",
            "Transformer",
            "s3rec_parts",
            "sasrec_parts",
        ],
    },
)
