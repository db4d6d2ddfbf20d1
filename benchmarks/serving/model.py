"""A model of ML-1M's size with weights as they are drawn: the time of a list depends on no weight."""

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.serving.requests import LENGTH, N_ITEMS
from miqrec.data.catalogue import make_catalogue
from miqrec.data.open import DataConfig
from miqrec.models.registry import build_model, find_model
from miqrec.runs.artifact import Artifact, ArtifactConfig, save_artifact
from miqrec.training.config import TrainingConfig

WINDOW = 10


def save_model(folder: Path) -> None:
    """Write the saved model; the items are called 1, 2, 3, ..."""
    config = find_model("miq-sasrec").config(window=WINDOW, max_length=LENGTH)
    about = ArtifactConfig(
        model=config,
        training=TrainingConfig(),
        epochs=0,
        data=DataConfig(source=None),
        fingerprint="of no data",
        trained_on="all",
    )
    items = make_catalogue(pl.Series("item", range(1, N_ITEMS + 1)))
    counts = np.arange(N_ITEMS, 0, -1)
    save_artifact(Artifact(about, build_model(config, N_ITEMS), items, counts), folder)
