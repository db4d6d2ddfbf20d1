"""miqrec's side: training as `miqrec train` does it, and lists as `Recommender.recommend` makes them."""

import json
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine.clock import timed
from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job
from benchmarks.peers.workers.measure import begin, finish
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.errors import MiqrecWarning
from miqrec.models.registry import build_model
from miqrec.recommender import Recommender
from miqrec.runs.artifact import Artifact, ArtifactConfig
from miqrec.runs.settings import Settings, settings
from miqrec.training.fit import train
from miqrec.training.step import SequenceTraining


def chosen(job: Job) -> Settings:
    """Write the job in miqrec's own words."""
    window = {"window": job.window} if job.model == "miq-sasrec" else {}
    names = ("dim", "n_layers", "n_heads", "dropout", "attention_dropout", "max_length")
    names += ("batch_size", "epochs", "precision")
    return settings(job.model, **{name: getattr(job, name) for name in names}, **window)


def measure_training(job: Job, folder: Path) -> None:
    """Train for some epochs, and give an epoch's seconds with and without the validation in it."""
    dataset, config = opened(folder / "dataset"), chosen(job)
    memory, validations = Memory(), validation_seconds()
    model = build_model(config.model, dataset.catalogue.n_items)
    with tempfile.TemporaryDirectory() as run:
        history = train(model, split(dataset, SplitConfig()), config.training, Path(run)).history
    whole = [row["seconds"] for row in history][1:]
    alone = [seconds - part for seconds, part in zip(whole, validations[1:], strict=True)]
    finish(
        *(job, memory, ("lightning", "polars")),
        seconds=alone,
        with_validation=whole,
        targets=json.loads((folder / "counts.json").read_text())["positions"],
        items=dataset.catalogue.n_items,
    )


def validation_seconds() -> list[float]:
    """Return a list that hooks of Lightning's will fill with the seconds of each validation."""
    began: list[float] = []
    took: list[float] = []
    hooks = SequenceTraining
    hooks.on_validation_start = lambda _: began.append(time.perf_counter())
    hooks.on_validation_end = lambda _: took.append(time.perf_counter() - began[-1])
    return took


def measure_lists(job: Job, folder: Path) -> None:
    """Recommend to everybody, with untrained weights, since their values change no time."""
    training, config = opened(folder / "training"), chosen(job)
    memory = Memory()
    recommender = fresh(training, config)
    users = training.users.head(job.asked) if job.asked else None
    calls = [timed(lambda: recommender.recommend(users, k=job.k)) for _ in range(job.calls)]
    whole = Recommender(recommender.artifact, opened(folder / "dataset"))
    warnings.filterwarnings("ignore", "this is not the data", MiqrecWarning)
    finish(
        *(job, memory, ("lightning", "polars")),
        seconds=calls[1:],
        evaluation_seconds=[timed(whole.evaluate) for _ in range(2 if job.asked else job.calls)][
            1:
        ],
        targets=job.asked or training.sequences.n_users,
        items=training.catalogue.n_items,
    )


def opened(folder: Path) -> Dataset:
    """Open a data set that was exported."""
    return open_dataset(DataConfig(source=str(folder)))


def fresh(dataset: Dataset, config: Settings) -> Recommender:
    """Return a recommender whose weights are untrained."""
    about = ArtifactConfig(
        model=config.model,
        training=config.training,
        epochs=1,
        data=DataConfig(source=None),
        fingerprint=dataset.fingerprint,
        trained_on="train",
    )
    model = build_model(config.model, dataset.catalogue.n_items)
    nothing = np.ones(dataset.catalogue.n_items, dtype=np.int64)
    return Recommender(Artifact(about, model, dataset.catalogue, nothing), dataset)


if __name__ == "__main__":
    torch.set_float32_matmul_precision("highest")
    given, where = begin()
    (measure_training if given.work == "train" else measure_lists)(given, where)
