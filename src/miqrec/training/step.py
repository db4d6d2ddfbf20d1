"""One step of training and one of validation, in the form that Lightning's Trainer takes."""

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
from miqrec.training.hooks import Hooks
from miqrec.training.input_noise import Noise
from miqrec.training.objective import Objective
from miqrec.training.optimization import make_optimizer, make_schedule

Rank = Callable[[Learner, EvaluationBatch], Tensor]
"""(model, batch of questions) -> the ranks of their targets, (B,)."""


class SequenceTraining(pl.LightningModule):
    """Train a model by an objective, and rank the answers to the questions of validation.

    Args:
        model: What is trained.
        config: Optimizer, schedule and seed.
        objective: The loss of a batch, summed over its targets.
        weight_per_batch: What that sum is divided by: the mean of what a batch's targets count for.
        hooks: May hold the functions of the optimizer and the schedule.
        rank: Gives the ranks of a batch; None where nothing is validated.
        noise: Changes the inputs of a batch to train on; None leaves them as they are.
    """

    def __init__(
        self,
        model: Learner,
        config: TrainingConfig,
        objective: Objective,
        weight_per_batch: float,
        hooks: Hooks,
        rank: Rank | None = None,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.objective = objective
        self.weight_per_batch = weight_per_batch
        self.hooks = hooks
        self.rank = rank
        self.noise = noise
        self.ranks: list[Tensor] = []

    @override
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Read checkpoints of older versions too."""
        modernise_checkpoint(checkpoint, self.state_dict())

    @override
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the sum over the batch's targets, divided by the mean of what a batch's count for."""
        if self.noise:
            batch = self.noise(batch, self._generator(Purpose.INPUT_NOISE, batch_idx))
        negatives = self._generator(Purpose.NEGATIVES, batch_idx)
        with seeded(self._stream(Purpose.DROPOUT, batch_idx)):
            loss = self.objective(self.model, batch, negatives)
        return loss / self.weight_per_batch

    def _generator(self, purpose: Purpose, step: int) -> torch.Generator:
        return torch.Generator(self.device).manual_seed(self._stream(purpose, step))

    def _stream(self, purpose: Purpose, step: int) -> int:
        return stream(self.config.seed, purpose, self.current_epoch, step)

    @override
    def validation_step(self, batch: EvaluationBatch, batch_idx: int) -> None:
        """Collect the ranks of the targets of a batch of questions."""
        assert self.rank is not None  # given wherever there is something to validate on
        self.ranks.append(self.rank(self.model, batch))

    @override
    def on_validation_epoch_end(self) -> None:
        """Log the metrics over all questions."""
        self.log_dict(summary(torch.cat(self.ranks).cpu()), logger=False)
        self.ranks.clear()

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Make the optimizer and the schedule that the config names."""
        optimizer = make_optimizer(self.config, self.hooks, list(self.parameters()))
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = make_schedule(self.config, self.hooks, optimizer, steps)
        if schedule is None:
            return optimizer
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
