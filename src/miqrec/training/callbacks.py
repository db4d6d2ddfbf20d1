"""What happens around the steps: the history, the check of the loss, early stopping, a bar."""

import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import polars
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import Tensor
from typing_extensions import override

from miqrec.errors import MiqrecError
from miqrec.system.files import replacing
from miqrec.system.progress import bar
from miqrec.system.wording import setting
from miqrec.training.config import CHOSEN_BY


class History(Callback):
    """Write a row an epoch (loss, validation metrics, seconds) to `history.csv` and to the loggers.

    The rows are part of the last checkpoint, so they survive a resume.

    Args:
        path: The file; it is written anew at each epoch's end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.losses: list[Tensor] = []

    @property
    def best_epoch(self) -> int | None:
        """The first epoch, from 1, of those with the best validation score; None without validation."""
        if not self.rows or CHOSEN_BY not in self.rows[-1]:
            return None
        return int(max(self.rows, key=lambda row: row[CHOSEN_BY])["epoch"])

    @override
    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.began = time.perf_counter()
        self.losses = []

    @override
    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep the loss. A GPU would have to wait for a look at it, so there it waits for the epoch's end."""
        loss = outputs["loss"].detach()
        self.losses.append(loss)
        if loss.device.type == "cpu":
            _check_finite(loss.unsqueeze(0), trainer, batch_idx)

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        losses = torch.stack(self.losses)
        _check_finite(losses, trainer)
        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "loss": losses.mean().item(), **metrics}
        self.rows.append(row | {"seconds": time.perf_counter() - self.began})
        for logger in trainer.loggers:
            logger.log_metrics(self.rows[-1], step=trainer.current_epoch + 1)
        with replacing(self.path) as partial:
            polars.DataFrame(self.rows).write_csv(partial)

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])


class StopEarly(EarlyStopping):
    """Stop after `patience` epochs without a better validation score, also in a training that is resumed.

    Lightning's own would train one epoch more when a training is resumed that had stopped already.
    """

    def __init__(self, patience: int) -> None:
        super().__init__(CHOSEN_BY, mode="max", patience=patience)

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once where a checkpoint was read whose training had stopped."""
        trainer.should_stop = self.wait_count >= self.patience


class ProgressBar(Callback):
    """Show one bar for the whole training: epochs, loss, the validation score and the best so far.

    Args:
        history: Has the row of each epoch.
        epochs: How many there are at most.
    """

    def __init__(self, history: History, epochs: int) -> None:
        self.history = history
        self.progress = bar()
        self.task = self.progress.add_task("training", total=epochs, note="")

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.progress.start()

    @override
    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        done = trainer.current_epoch + (batch_idx + 1) / trainer.num_training_batches
        self.progress.update(self.task, completed=done)

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rows = self.history.rows
        note = f"loss {rows[-1]['loss']:.4f}"
        if CHOSEN_BY in rows[-1]:
            best = max(row[CHOSEN_BY] for row in rows)
            note += f"  validation {CHOSEN_BY} {rows[-1][CHOSEN_BY]:.4f}  best {best:.4f}"
        self.progress.update(self.task, note=note)

    @override
    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self.progress.stop()

    @override
    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.progress.stop()


def _check_finite(losses: Tensor, trainer: pl.Trainer, first_step: int = 0) -> None:
    """Stop the training at a loss that is not finite.

    Args:
        losses: Those of some steps of this epoch, one after the other.
        trainer: Knows the epoch.
        first_step: The number of the first of these steps in its epoch, from 0.
    """
    broken = (~losses.isfinite()).nonzero()
    if len(broken):
        before = trainer.current_epoch * trainer.num_training_batches + first_step
        raise MiqrecError(
            f"the loss is {losses[broken[0]].item()} at step {before + int(broken[0]) + 1} (epoch "
            f"{trainer.current_epoch + 1}); lower the learning rate, clip the gradient by "
            f"{setting('clip', 1)}, or use precision 32-true"
        )
