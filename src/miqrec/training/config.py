"""How a model is trained."""

from typing import Literal, Self

from pydantic import Field, model_validator

from miqrec.config import Config
from miqrec.training.losses import LossName
from miqrec.training.negatives import SamplerName

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

CHOSEN_BY = "NDCG@10"
"""The validation metric that decides which epoch's weights are kept."""


class TrainerConfig(Config):
    """What Lightning's trainer is told, be it training or pre-training."""

    epochs: int = Field(200, ge=1)
    """Passes over the training data, at most."""
    clip: float | None = Field(None, gt=0)
    """Largest norm of the gradient; none by default."""
    precision: Precision = "32-true"
    """Of the optimisation; scores are ranked in float32 always."""

    @property
    def reduced(self) -> bool:
        """Whether products are computed in fewer bits than float32 has."""
        return self.precision != "32-true"

    @property
    def fused(self) -> bool:
        """Whether Adam may be fused; Lightning can't clip what a fused one does in mixed precision."""
        return self.clip is None or not self.reduced


class TrainingConfig(TrainerConfig):
    """The defaults are SASRec's own, but for the loss, the number of epochs and the patience."""

    loss: LossName = "ce"
    """What is minimised; ce and cce are two names of the full softmax at every position."""
    negatives: int = Field(1, ge=1)
    """Items drawn for each target, by the losses that sample."""
    sampler: SamplerName = "uniform"
    """Where they are drawn from."""
    sampling_power: float = Field(1.0, ge=0)
    """Power of the items' counts, for the popularity sampler."""
    calibration: float = Field(0.75, ge=0, le=1)
    """The calibration t of gbce."""
    patience: int = Field(20, ge=1)
    """Epochs without a better validation NDCG@10 before training stops."""
    batch_size: int = Field(128, ge=1)
    """Users a step, or blocks of their histories."""
    long_histories: Literal["newest", "blocks"] = "newest"
    """What is trained on of a history above max_length: its newest part, or all of it, in blocks of
    max_length."""
    learning_rate: float = Field(1e-3, gt=0)
    """Of Adam."""
    schedule: Literal["constant", "linear"] = "constant"
    """Of the learning rate; linear grows for a twentieth of all epochs, then falls to 0 at their end,
    if patience does not stop them before."""
    beta2: float = Field(0.98, gt=0, lt=1)
    """Of Adam, its memory of squared gradients."""
    weight_decay: float = Field(0.0, ge=0)
    """Of Adam, added to the gradient."""
    seed: int = Field(0, ge=0)
    """Decides, with epoch and step, every random draw."""

    @model_validator(mode="after")
    def _sampler_suits_the_loss(self) -> Self:
        if self.loss == "gbce" and self.sampler != "uniform":
            raise ValueError(
                "gbce is calibrated for the uniform sampler; use sampled-ce for others"
            )
        if self.loss == "bce" and self.sampler == "in-batch":
            raise ValueError(
                "bce draws outside the user's history, which in-batch cannot; use sampled-ce for it"
            )
        return self
