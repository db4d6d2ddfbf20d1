"""One step of training and one of validation, as Lightning wants them."""

from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from typing_extensions import override

from miqrec.data.batches.evaluation import EvaluationBatch
from miqrec.data.batches.training import Batch
from miqrec.evaluation.metrics import summary
from miqrec.models.migrate import modernise_checkpoint
from miqrec.models.protocol import Learner
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.config import TrainingConfig
from miqrec.training.objective import Objective
from miqrec.training.schedule import linear

Rank = Callable[[Learner, EvaluationBatch], Tensor]
"""The ranks of a batch's targets, (B,)."""


class SequenceTraining(pl.LightningModule):
    """The objective of a batch, and the ranks of those who are validated on."""

    def __init__(
        self,
        model: Learner,
        config: TrainingConfig,
        objective: Objective,
        targets_per_batch: float,
        rank: Rank | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.objective = objective
        self.targets_per_batch = targets_per_batch
        self.rank = rank
        self.ranks: list[Tensor] = []

    @override
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Read checkpoints of older versions too."""
        modernise_checkpoint(checkpoint, self.state_dict())

    @override
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The sum over the batch's targets, divided by the epoch's mean number of targets a batch."""
        seed, epoch = self.config.seed, self.current_epoch
        negatives = stream(seed, Purpose.NEGATIVES, epoch, batch_idx)
        generator = torch.Generator(self.device).manual_seed(negatives)
        with seeded(stream(seed, Purpose.DROPOUT, epoch, batch_idx)):
            loss = self.objective(self.model, batch, generator)
        return loss / self.targets_per_batch

    @override
    def validation_step(self, batch: EvaluationBatch, batch_idx: int) -> None:
        """Collect the ranks of the validation items."""
        assert self.rank is not None  # given wherever there is something to validate on
        self.ranks.append(self.rank(self.model, batch))

    @override
    def on_validation_epoch_end(self) -> None:
        """Log the metrics over all users."""
        self.log_dict(summary(torch.cat(self.ranks).cpu()), logger=False)
        self.ranks.clear()

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, where it may be in its fused form: one pass over the weights."""
        config = self.config
        optimizer = torch.optim.Adam(
            self.parameters(),
            lr=config.learning_rate,
            betas=(0.9, config.beta2),
            weight_decay=config.weight_decay,
            fused=config.fused,
        )
        if config.schedule == "constant":
            return optimizer
        share = linear(int(self.trainer.estimated_stepping_batches))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
