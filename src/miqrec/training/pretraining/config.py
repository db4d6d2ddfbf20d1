"""The settings of S3-Rec's pre-training."""

from pydantic import Field

from miqrec.training.config import TrainerConfig


class PretrainingConfig(TrainerConfig):
    """How a model is pre-trained; the defaults are the paper's, whose authors' code has batches of 100.

    With `prefixes` an epoch draws that many prefixes a user, on average, from all there are. Each is
    as likely as any other, so the loss has the expectation that it has over all of them.
    """

    epochs: int = Field(100, ge=1)
    """How many passes over the prefixes, or over as many as --prefixes draws."""
    prefixes: int | None = Field(None, ge=1)
    """How many prefixes a user an epoch draws, on average; by default it takes all there are."""
    mask_share: float = Field(0.2, ge=0, lt=1)
    """The share of items that are masked; the newest of a prefix always is."""
    aap_weight: float = Field(0.2, ge=0)
    """The weight of associated attribute prediction in the loss."""
    mip_weight: float = Field(1.0, ge=0)
    """The weight of masked item prediction in the loss."""
    map_weight: float = Field(1.0, ge=0)
    """The weight of masked attribute prediction in the loss."""
    sp_weight: float = Field(0.5, ge=0)
    """The weight of segment prediction in the loss."""
    batch_size: int = Field(200, ge=1)
    """How many prefixes a step takes."""
    learning_rate: float = Field(1e-3, gt=0)
    """The learning rate of Adam."""
    seed: int = Field(0, ge=0)
    """The seed, which decides every random draw."""
