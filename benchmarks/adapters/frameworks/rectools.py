"""RecTools: `SASRecModel.fit`, `recommend` and `calc_metrics`, as its documentation shows them."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from rectools import Columns
from rectools.dataset import Dataset
from rectools.metrics import NDCG, HitRate, calc_metrics
from rectools.models import SASRecModel

from benchmarks.adapters import settings
from benchmarks.adapters.lastfm import Split, leave_one_out
from miqrec.adapters.rectools import MIQTransformerLayers, MixtureLightningModule

OPTIONS: dict[str, dict[str, Any]] = {
    "sasrec": {},
    "miq": {
        "transformer_layers_type": MIQTransformerLayers,
        "transformer_layers_kwargs": {"window": settings.WINDOW},
    },
}
MIXING = {
    "lightning_module_type": MixtureLightningModule,
    "lightning_module_kwargs": {"weights": settings.WEIGHTS},
}
METRICS = {
    "HR@10": HitRate(k=settings.K),
    "NDCG@10": NDCG(k=settings.K, divide_by_achievable=True),
}


def run(system: str, seed: int) -> settings.Scores:
    split = leave_one_out()
    torch.manual_seed(seed)
    model = SASRecModel(
        n_factors=settings.DIM,
        n_heads=settings.HEADS,
        n_blocks=settings.BLOCKS,
        session_max_len=settings.LENGTH,
        dropout_rate=settings.DROPOUT,
        batch_size=settings.BATCH,
        lr=settings.LEARNING_RATE,
        epochs=settings.EPOCHS,
        loss="softmax",
        **OPTIONS[system],
    )
    model.fit(Dataset.construct(interactions(split.train)))
    scores = {system: score(model, split)}
    if system == "sasrec":
        scores[settings.MIXTURE] = score(mixing(model), split)
    return scores


def mixing(model: SASRecModel) -> SASRecModel:
    """Load a trained model as one that ranks by the late mixture."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trained.ckpt"
        model.fit_trainer.save_checkpoint(file)
        return SASRecModel.load_from_checkpoint(file, model_params_update=MIXING)


def score(model: SASRecModel, split: Split) -> dict[str, float]:
    users = range(len(split.known))
    dataset = Dataset.construct(interactions(split.known))
    lists = model.recommend(users, dataset, k=settings.K, filter_viewed=True)
    asked = pd.DataFrame({Columns.User: users, Columns.Item: split.asked})
    return dict(calc_metrics(METRICS, lists, asked))


def interactions(rows: list[list[int]]) -> pd.DataFrame:
    """Make a row an interaction; the place in a history becomes a number of days."""
    table = pd.DataFrame(
        [
            (user, item, place)
            for user, items in enumerate(rows)
            for place, item in enumerate(items)
        ],
        columns=[Columns.User, Columns.Item, Columns.Datetime],
    )
    days = pd.to_timedelta(table[Columns.Datetime], unit="D")
    table[Columns.Datetime] = pd.Timestamp("2000-01-01") + days
    return table.assign(**{Columns.Weight: 1})


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    settings.main(run)
