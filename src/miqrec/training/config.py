"""How a model is trained."""

from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from miqrec.config import Config
from miqrec.training.losses import LossName
from miqrec.training.negatives import SamplerName

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

ADAM = {"learning_rate": 1e-3, "beta2": 0.98, "weight_decay": 0.0}
"""Adam's settings, which no other optimizer is given."""

BUILT_IN = {"optimizer": ("adam",), "schedule": ("constant", "linear")}
"""The functions that have short names; others are named as `package.module:function`."""

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
    optimizer: str = "adam"
    """Of the weights: adam, or a function of the weights that returns an optimizer, as
    package.module:function."""
    learning_rate: float = Field(ADAM["learning_rate"], gt=0)
    """Of Adam."""
    schedule: str = "constant"
    """Of the learning rate: constant, linear, or a function of the optimizer and the number of steps, as
    package.module:function. Linear grows for a twentieth of all epochs, then falls to 0 at their end, if
    patience does not stop them before."""
    beta2: float = Field(ADAM["beta2"], gt=0, lt=1)
    """Of Adam, its memory of squared gradients."""
    weight_decay: float = Field(ADAM["weight_decay"], ge=0)
    """Of Adam, added to the gradient."""
    seed: int = Field(0, ge=0)
    """Decides, with epoch and step, every random draw."""

    @field_validator("optimizer", "schedule")
    @classmethod
    def _is_built_in_or_a_function(cls, name: str, info: ValidationInfo) -> str:
        known = BUILT_IN[str(info.field_name)]
        if name not in known and ":" not in name:
            raise ValueError(
                f"{name!r} is not {' or '.join(known)}; a function is named as package.module:function"
            )
        return name

    @model_validator(mode="after")
    def _other_optimizers_have_settings_of_their_own(self) -> Self:
        changed = [name for name, default in ADAM.items() if getattr(self, name) != default]
        if self.optimizer != "adam" and changed:
            raise ValueError(
                f"{', '.join(changed)} would be adam's; the function {self.optimizer} sets its own"
            )
        return self

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
