"""Transformers: its `Trainer` trains and predicts. It has no SASRec, so ours without a window is trained."""

import tempfile
import warnings
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer, TrainingArguments, set_seed

from benchmarks.adapters import settings
from benchmarks.adapters.lastfm import Split, leave_one_out
from benchmarks.adapters.metrics import hits
from miqrec.adapters.huggingface import MIQRecConfig, MIQRecForNextItem


def run(system: str, seed: int) -> settings.Scores:
    set_seed(seed)
    split = leave_one_out()
    config = MIQRecConfig(
        vocab_size=1 + max(max(row) for row in [*split.known, split.asked]),
        dim=settings.DIM,
        n_heads=settings.HEADS,
        n_layers=settings.BLOCKS,
        max_length=settings.LENGTH,
        dropout=settings.DROPOUT,
        attention_dropout=settings.DROPOUT,
        window=settings.WINDOW if system == "miq" else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(MIQRecForNextItem(config), split, folder, seed)
        trainer.train()
        scores = {system: score(trainer, split)}
        if system == "sasrec":
            trainer.model.config.mixture = settings.WEIGHTS
            scores[settings.MIXTURE] = score(trainer, split)
    return scores


def make_trainer(model: MIQRecForNextItem, split: Split, folder: str, seed: int) -> Trainer:
    arguments = TrainingArguments(
        folder,
        num_train_epochs=settings.EPOCHS,
        per_device_train_batch_size=settings.BATCH,
        learning_rate=settings.LEARNING_RATE,
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    rows = [
        {"input_ids": padded(row[:-1]), "labels": padded(row[1:])}
        for row in (row[-settings.LENGTH - 1 :] for row in split.train)
    ]
    return Trainer(model, arguments, train_dataset=rows)


def score(trainer: Trainer, split: Split) -> dict[str, float]:
    longest = max(map(len, split.known))
    rows: list[dict[str, Any]] = [
        {
            "input_ids": padded(known[-settings.LENGTH :]),
            "seen_ids": padded(known, longest),
        }
        for known in split.known
    ]
    predicted = trainer.predict(rows)
    return hits(torch.from_numpy(predicted.predictions), torch.tensor(split.asked))


def padded(items: list[int], length: int = settings.LENGTH) -> Tensor:
    """Pad on the right with 0."""
    return torch.tensor(items + [0] * (length - len(items)))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    settings.main(run)
