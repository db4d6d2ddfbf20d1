"""Fitting an encoder: with validation that chooses the epoch, or on everything for a number of them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from typing_extensions import override

from miqrec.data.batches.evaluation import EvaluationExamples, evaluation_loader
from miqrec.data.batches.pieces import worth_on
from miqrec.data.batches.training import TrainingExamples, training_loader
from miqrec.data.histories import Histories
from miqrec.data.splitting import Splits
from miqrec.evaluation.evaluate import EVALUATION_BATCH, batch_ranks
from miqrec.models.popularity import popularity_scores
from miqrec.models.protocol import Learner
from miqrec.system.environment import best_device
from miqrec.training.callbacks import History
from miqrec.training.config import CHOSEN_BY, TrainingConfig
from miqrec.training.objective import make_objective
from miqrec.training.step import Rank, SequenceTraining
from miqrec.training.trainer import run_epochs


class Trained(NamedTuple):
    """What training leaves besides the weights."""

    best_epoch: int  # counted from 1
    history: list[dict[str, float]]  # a row an epoch: loss, validation metrics, seconds


def train(
    model: Learner,
    splits: Splits,
    config: TrainingConfig,
    folder: Path,
    callbacks: Sequence[Callback] = (),
    *,
    exclude_seen: bool = True,
) -> Trained:
    """Train until validation NDCG@10 stops growing; leaves the best epoch's weights in the model.

    Args:
        model: what is trained, in place.
        splits: what is trained on, and the questions of validation.
        config: loss, optimiser, epochs, seed.
        folder: gets `history.csv` and `checkpoints/`; a training that was stopped there goes on.
        callbacks: what is done besides.
        exclude_seen: whether validation leaves out what the history holds.

    Raises:
        MiqrecError: nothing to train or to validate on, or a loss that is not finite.
    """
    examples = EvaluationExamples(splits.held("valid"), model.max_length)
    validation = evaluation_loader(examples, EVALUATION_BATCH)
    best = ModelCheckpoint(
        folder / "checkpoints",
        filename="best",
        monitor=CHOSEN_BY,
        mode="max",
        save_weights_only=True,
        enable_version_counter=False,
    )
    stop = StopEarly(CHOSEN_BY, mode="max", patience=config.patience)
    popularity = popularity_scores(splits.train)
    rank = partial(batch_ranks, popularity=popularity, exclude_seen=exclude_seen)
    watching = [stop, best, *callbacks]
    history = _run(model, splits.train, config, folder, watching, validation, rank)
    weights = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    model.load_state_dict({name.removeprefix("model."): value for name, value in weights.items()})
    chosen = max(history.rows, key=lambda row: row[CHOSEN_BY])
    return Trained(int(chosen["epoch"]), history.rows)


def train_on_everything(
    model: Learner, histories: Histories, config: TrainingConfig, folder: Path
) -> Trained:
    """Train for `config.epochs` on all interactions, the held-out ones too: the model to put into use."""
    history = _run(model, histories, config, folder, [], None)
    return Trained(config.epochs, history.rows)


class StopEarly(EarlyStopping):
    """Lightning's, which would train one epoch more when a training is resumed that had stopped already."""

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called after a checkpoint was read."""
        trainer.should_stop = self.wait_count >= self.patience


def _run(
    model: Learner,
    histories: Histories,
    config: TrainingConfig,
    folder: Path,
    callbacks: list[Callback],
    validation: object | None,
    rank: Rank | None = None,
) -> History:
    device = best_device()
    worth = worth_on(device, reduced=config.reduced)
    blocks = config.long_histories == "blocks"
    examples = TrainingExamples(histories, model.max_length, worth, blocks=blocks)
    loader = training_loader(examples, config.batch_size, config.seed)
    objective = make_objective(config, histories, device)
    per_step = examples.n_targets / len(loader)
    step = SequenceTraining(model, config, objective, per_step, rank)
    return run_epochs(step, loader, config, folder, per_step, callbacks, validation)
