"""Training on Lightning's Trainer: seeded step by step, stopped early, resumed exactly."""

from miqrec.training.config import TrainingConfig
from miqrec.training.fit import Trained, train, train_on_everything

__all__ = ["Trained", "TrainingConfig", "train", "train_on_everything"]
