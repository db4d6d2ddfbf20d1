"""Pre-training of S3-Rec: four objectives on masked prefixes of the training items."""

from miqrec.pretraining.config import PretrainingConfig
from miqrec.pretraining.fit import pretrain

__all__ = ["PretrainingConfig", "pretrain"]
