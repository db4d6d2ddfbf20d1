"""How a model is trained."""

from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from miqrec.config import Config
from miqrec.data.kind_names import read_kind_weights, write_kind_weights
from miqrec.evaluation.inference import read_weights
from miqrec.training.choices import LossName, SamplerName

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

ADAM = {"learning_rate": 1e-3, "beta2": 0.98, "weight_decay": 0.0}
"""Adam's settings, which no other optimizer is given."""

BUILT_IN = {"optimizer": ("adam",), "schedule": ("constant", "linear")}
"""The functions that have short names; others are named as `package.module:function`."""

LEARNED_WEIGHTS = ("learned", "adaptive")
"""The answers' weights that training finds; others are given."""

OF_ANSWERS = ("answer_weights", "newest_at_most")
"""The settings that a single answer doesn't have."""

CHOSEN_BY = "NDCG@10"
"""The validation metric that decides which epoch's weights are kept."""


class TrainerConfig(Config):
    """Settings that training and pre-training share."""

    epochs: int = Field(200, ge=1)
    """The most passes over the training data."""
    clip: float | None = Field(None, gt=0)
    """The largest norm of the gradient, to which a larger one is cut; by default none is."""
    precision: Precision = "32-true"
    """The precision of the training; scores are always ranked in float32."""

    @property
    def reduced(self) -> bool:
        """Whether products are computed in fewer bits than float32 has."""
        return self.precision != "32-true"

    @property
    def fused(self) -> bool:
        """Whether Adam may be fused, in one pass over the weights.

        Lightning can't clip the gradient of a fused optimizer in mixed precision.
        """
        return self.clip is None or not self.reduced


class TrainingConfig(TrainerConfig):
    """How a model is trained; but for loss, epochs and patience the defaults are SASRec's own."""

    loss: LossName = "ce"
    """The loss; ce and cce are two names of the full softmax at every position."""
    negatives: int = Field(1, ge=1)
    """How many items a loss that samples draws for each target."""
    sampler: SamplerName = "uniform"
    """What a loss that samples draws from."""
    sampling_power: float = Field(1.0, ge=0)
    """The power to which the popularity sampler raises the items' counts."""
    calibration: float = Field(0.75, ge=0, le=1)
    """How far gbce undoes the overconfidence that sampling brings: its t."""
    answers: int = Field(1, ge=1)
    """How many of the newest positions answer, each with its own distribution over the items; above 1 the
    loss is that of the answers' mixture, which the model then keeps in use."""
    answer_weights: str = "learned"
    """The weights of the answers: learned, adaptive (read off the states, for each history anew), or one
    number for each, newest first, such as "0.6 0.3 0.1"."""
    kind_weights: str | None = None
    """What a target's loss counts for, by its kind of event, such as "view=0.1 cart=0.5 purchase=1"; a kind
    that is not named counts for 1. Default: all alike."""
    newest_at_most: float = Field(0.6, gt=0, le=1)
    """The bound of the newest answer's weight, where weights are not given."""
    replace_inputs: float = Field(0.0, ge=0, lt=1)
    """The share of inputs that training replaces by random items, anew in every epoch."""
    drop_inputs: float = Field(0.0, ge=0, lt=1)
    """The share of inputs that training drops, with what is asked for after them, anew in every epoch."""
    add_inputs: float = Field(0.0, ge=0, lt=1)
    """The share of inputs behind which training puts a random item, anew in every epoch; the same is asked
    for after it."""
    patience: int = Field(20, ge=1)
    """How many epochs without a better validation NDCG@10 stop the training."""
    batch_size: int = Field(128, ge=1)
    """How many users, or blocks of their histories, a step takes."""
    long_histories: Literal["newest", "blocks"] = "newest"
    """Which part of a history above max_length is trained on: the newest, or all of it, in blocks of
    max_length."""
    optimizer: str = "adam"
    """The optimizer: adam, or a function of the weights that returns one, as package.module:function."""
    learning_rate: float = Field(ADAM["learning_rate"], gt=0)
    """The learning rate of Adam."""
    schedule: str = "constant"
    """The schedule of the learning rate: constant, linear, or a function of the optimizer and the number
    of steps, as package.module:function. A linear one grows for a twentieth of all epochs and falls to 0
    at the last one's end, if patience doesn't stop the training before."""
    beta2: float = Field(ADAM["beta2"], gt=0, lt=1)
    """How slowly Adam forgets squared gradients."""
    weight_decay: float = Field(ADAM["weight_decay"], ge=0)
    """The weight decay that Adam adds to the gradient."""
    seed: int = Field(0, ge=0)
    """The seed, which decides every random draw."""

    @field_validator("optimizer", "schedule")
    @classmethod
    def _is_built_in_or_a_function(cls, name: str, info: ValidationInfo) -> str:
        known = BUILT_IN[str(info.field_name)]
        if name not in known and ":" not in name:
            raise ValueError(
                f"{name!r} is not {' or '.join(known)}; a function is named as package.module:function"
            )
        return name

    @field_validator("kind_weights", mode="before")
    @classmethod
    def _weighs_kinds(cls, weights: Any) -> Any:
        if weights is None:
            return None
        text = write_kind_weights(weights) if isinstance(weights, dict) else str(weights)
        read_kind_weights(text)
        return text

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

    @model_validator(mode="after")
    def _answers_suit_the_loss_and_each_other(self) -> Self:
        given = self.answer_weights not in LEARNED_WEIGHTS
        defaults = {name: type(self).model_fields[name].default for name in OF_ANSWERS}
        changed = [name for name in OF_ANSWERS if getattr(self, name) != defaults[name]]
        if self.answers == 1 and changed:
            raise ValueError(f"{', '.join(changed)} needs several answers: give answers too")
        if self.answers > 1 and self.loss in ("bce", "gbce"):
            raise ValueError(
                f"{self.loss} gives scores that are no probabilities, so answers can't be mixed; "
                "choose ce, ce-last or sampled-ce"
            )
        if given and len(read_weights(self.answer_weights, *LEARNED_WEIGHTS)) != self.answers:
            raise ValueError(
                f"answer_weights {self.answer_weights!r} must have a number for each of the "
                f"{self.answers} answers"
            )
        if given and "newest_at_most" in changed:
            raise ValueError("newest_at_most bounds learned and adaptive weights, not given ones")
        return self
