"""RePlay: its parquet module, its Lightning module and its metrics callback."""

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import lightning
import polars as pl
from replay.data import FeatureHint, FeatureSource, FeatureType
from replay.data.nn import TensorFeatureInfo, TensorFeatureSource, TensorSchema
from replay.data.nn.parquet.parquet_module import ParquetModule
from replay.nn.lightning import LightningModule
from replay.nn.lightning.callback import ComputeMetricsCallback
from replay.nn.lightning.optimizer import OptimizerFactory
from replay.nn.lightning.postprocessor import SeenItemsFilter
from replay.nn.sequential import SasRec
from replay.nn.transform.template import make_default_sasrec_transforms

from benchmarks.adapters import settings
from benchmarks.adapters.lastfm import Split, leave_one_out
from miqrec.adapters.replay import MIQTransformerLayer, MixtureSasRec

SIZES = {
    "embedding_dim": settings.DIM,
    "num_heads": settings.HEADS,
    "num_blocks": settings.BLOCKS,
    "dropout": settings.DROPOUT,
}


def run(system: str, seed: int) -> settings.Scores:
    lightning.seed_everything(seed, verbose=False)
    split = leave_one_out()
    n_items = max(max(row) for row in [*split.known, split.asked])
    items = schema(n_items)
    model = build(system, items)
    optimizer = OptimizerFactory(learning_rate=settings.LEARNING_RATE)
    with tempfile.TemporaryDirectory() as folder:
        data = batches(split, items, n_items, Path(folder))
        trainer().fit(LightningModule(model, optimizer), data)
        scores = {system: score(model, data, n_items)}
        if system == "sasrec":
            scores[settings.MIXTURE] = score(mixing(model, items), data, n_items)
    return scores


def build(system: str, items: TensorSchema) -> SasRec:
    model = SasRec.from_params(items, max_sequence_length=settings.LENGTH, **SIZES)
    if system == "miq":
        model.body.encoder = MIQTransformerLayer(**SIZES, activation="relu", window=settings.WINDOW)
        model.reset_parameters()
    return model


def mixing(model: SasRec, items: TensorSchema) -> MixtureSasRec:
    """Make a model that ranks by the late mixture, with the weights of a trained one."""
    mixture = MixtureSasRec.from_params(items, max_sequence_length=settings.LENGTH, **SIZES)
    mixture.load_state_dict(model.state_dict())
    mixture.weights = settings.WEIGHTS
    return mixture


def score(model: SasRec, data: ParquetModule, n_items: int) -> dict[str, float]:
    unseen = [SeenItemsFilter(n_items)]
    metrics = ComputeMetricsCallback(
        ["recall", "ndcg"], [settings.K], postprocessors=unseen, verbose=False
    )
    trainer(metrics).test(LightningModule(model), data, verbose=False)
    (scores,) = metrics.get_metrics("test").values()
    return {"HR@10": scores["recall@10"], "NDCG@10": scores["ndcg@10"]}


def trainer(*callbacks: lightning.Callback) -> lightning.Trainer:
    return lightning.Trainer(
        max_epochs=settings.EPOCHS,
        limit_val_batches=0,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def schema(n_items: int) -> TensorSchema:
    item = TensorFeatureInfo(
        "item_id",
        FeatureType.CATEGORICAL,
        is_seq=True,
        feature_hint=FeatureHint.ITEM_ID,
        feature_sources=[TensorFeatureSource(FeatureSource.INTERACTIONS, "item_id")],
        cardinality=n_items,
        padding_value=n_items,
        embedding_dim=settings.DIM,
    )
    return TensorSchema([item])


def batches(split: Split, items: TensorSchema, n_items: int, folder: Path) -> ParquetModule:
    """Write the files that RePlay trains and tests on; its items are numbered from 0."""
    write(folder / "train.parquet", item_id=numbered(split.train))
    known, asked = numbered(split.known), numbered([[item] for item in split.asked])
    write(folder / "test.parquet", item_id=known, seen_ids=known, ground_truth=asked)
    longest = max(map(len, split.known))
    columns: dict[str, Any] = {
        "train": {"item_id": settings.LENGTH + 1},
        "test": {"item_id": settings.LENGTH, "seen_ids": longest, "ground_truth": 1},
    }
    return ParquetModule(
        batch_size=settings.BATCH,
        metadata={
            stage: {name: {"shape": shape, "padding": n_items} for name, shape in shapes.items()}
            for stage, shapes in columns.items()
        },
        transforms=make_default_sasrec_transforms(items),
        train_path=str(folder / "train.parquet"),
        test_path=str(folder / "test.parquet"),
    )


def numbered(rows: list[list[int]]) -> list[list[int]]:
    return [[item - 1 for item in row] for row in rows]


def write(file: Path, **columns: list[list[int]]) -> None:
    pl.DataFrame(columns).write_parquet(file)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    settings.main(run)
