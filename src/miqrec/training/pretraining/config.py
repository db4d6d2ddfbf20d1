"""How S3-Rec is pre-trained."""

from pydantic import Field

from miqrec.training.config import TrainerConfig


class PretrainingConfig(TrainerConfig):
    """The defaults are the paper's; its authors' code pre-trains in batches of 100.

    With `prefixes` an epoch is that many prefixes a user, drawn at random from all there are: each
    is as likely as any other, so the loss has the expectation that it has over all of them, and
    an epoch is shorter.
    """

    epochs: int = Field(100, ge=1)
    """Passes over the prefixes, or over as many as --prefixes draws."""
    prefixes: int | None = Field(None, ge=1)
    """Prefixes that an epoch draws from all there are, a user on average; by default all of them."""
    mask_share: float = Field(0.2, ge=0, lt=1)
    """Share of items that are masked; the newest of a prefix always is."""
    aap_weight: float = Field(0.2, ge=0)
    """Of associated attribute prediction."""
    mip_weight: float = Field(1.0, ge=0)
    """Of masked item prediction."""
    map_weight: float = Field(1.0, ge=0)
    """Of masked attribute prediction."""
    sp_weight: float = Field(0.5, ge=0)
    """Of segment prediction."""
    batch_size: int = Field(200, ge=1)
    """Prefixes a step."""
    learning_rate: float = Field(1e-3, gt=0)
    """Of Adam."""
    seed: int = Field(0, ge=0)
    """Decides, with epoch and step, every random draw."""
