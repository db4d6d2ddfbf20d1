"""RecBole: its data, its trainer and its full-sort evaluation, which ranks the items of the history too."""

import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer
from recbole.utils import init_seed

from benchmarks.adapters import settings
from benchmarks.adapters.lastfm import leave_one_out
from miqrec.adapters.recbole import MIQSASRec, MixtureSASRec

EPOCHS, BATCH = 1, 128
"""RecBole makes a row of every prefix, 45 for each user: some 390 steps."""


def run(system: str, seed: int) -> settings.Scores:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # where it writes its logs
        write(Path(folder) / "lastfm" / "lastfm.inter")
        config = configure(SASRec if system == "sasrec" else MIQSASRec, seed)
        init_seed(seed, reproducibility=True)
        train, _, test = data_preparation(config, create_dataset(config))
        model = (SASRec if system == "sasrec" else MIQSASRec)(config, train.dataset)
        trainer = Trainer(config, model)
        trainer.fit(train, saved=False)
        scores = {system: score(trainer, test)}
        if system == "sasrec":
            mixing = MixtureSASRec(config, train.dataset)
            mixing.load_state_dict(model.state_dict())
            scores[settings.MIXTURE] = score(Trainer(config, mixing), test)
    return scores


def configure(model: type[SASRec], seed: int) -> Config:
    return Config(
        model=model,
        dataset="lastfm",
        config_dict={
            "data_path": ".",
            "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
            "seed": seed,
            "window": settings.WINDOW,
            "mixture": list(settings.WEIGHTS) if model is SASRec else [1.0],
            "MAX_ITEM_LIST_LENGTH": settings.LENGTH,
            "hidden_size": settings.DIM,
            "inner_size": settings.DIM,
            "n_layers": settings.BLOCKS,
            "n_heads": settings.HEADS,
            "hidden_dropout_prob": settings.DROPOUT,
            "attn_dropout_prob": settings.DROPOUT,
            "hidden_act": "relu",
            "loss_type": "CE",
            "train_neg_sample_args": None,
            "epochs": EPOCHS,
            "train_batch_size": BATCH,
            "learning_rate": settings.LEARNING_RATE,
            "topk": [settings.K],
            "metrics": ["Hit", "NDCG"],
            "valid_metric": "NDCG@10",
            "metric_decimal_place": 6,
            "use_gpu": False,
            "show_progress": False,
        },
    )


def write(file: Path) -> None:
    """Write a row an interaction, with the place in the history as its time."""
    split = leave_one_out()
    histories = [[*known, asked] for known, asked in zip(split.known, split.asked, strict=True)]
    rows = [
        f"{user}\t{item}\t{place}"
        for user, items in enumerate(histories)
        for place, item in enumerate(items)
    ]
    file.parent.mkdir()
    head = "user_id:token\titem_id:token\ttimestamp:float"
    file.write_text("\n".join([head, *rows]), encoding="utf-8")


def score(trainer: Trainer, test: Any) -> dict[str, float]:
    found = trainer.evaluate(test, load_best_model=False)
    return {"HR@10": found["hit@10"], "NDCG@10": found["ndcg@10"]}


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    settings.main(run)
