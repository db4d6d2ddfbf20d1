"""What happens around the steps: history, check on the loss, bar, checkpoints that are never half."""

import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import polars
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor
from typing_extensions import override

from miqrec.errors import MiqrecError
from miqrec.system.files import replacing
from miqrec.system.progress import bar
from miqrec.training.config import CHOSEN_BY


class History(Callback):
    """A row an epoch (loss, validation metrics, seconds) in `history.csv`; it survives a resume."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.losses: list[Tensor] = []

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
        """Keep the loss; looking at it would make a GPU wait, so there it waits for the epoch's end."""
        self.losses.append(outputs["loss"].detach())
        if self.losses[-1].device.type == "cpu":
            self.check_finite(trainer)

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        losses = self.check_finite(trainer)
        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "loss": losses.mean().item(), **metrics}
        self.rows.append(row | {"seconds": time.perf_counter() - self.began})
        for logger in trainer.loggers:
            logger.log_metrics(self.rows[-1], step=trainer.current_epoch + 1)
        with replacing(self.path) as partial:
            polars.DataFrame(self.rows).write_csv(partial)

    def check_finite(self, trainer: pl.Trainer) -> Tensor:
        """The epoch's losses so far; the first that is not finite stops the training."""
        losses = torch.stack(self.losses)
        broken = (~losses.isfinite()).nonzero()
        if len(broken):
            step = trainer.current_epoch * trainer.num_training_batches + int(broken[0]) + 1
            raise MiqrecError(
                f"the loss is {losses[broken[0]].item()} at step {step} (epoch {trainer.current_epoch + 1}); "
                "lower the learning rate, clip the gradient (--clip 1) or use precision 32-true"
            )
        return losses

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])


class ProgressBar(Callback):
    """One bar for the whole training: epochs, loss, the validation score and the best so far."""

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
    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.progress.stop()


class AtomicCheckpoints(TorchCheckpointIO):
    """Checkpoints are written beside their place and renamed, so that a kill leaves no half of one."""

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        with replacing(Path(path)) as partial:
            super().save_checkpoint(checkpoint, partial, storage_options)
