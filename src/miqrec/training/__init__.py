"""Training: losses, negatives, and a loop on Lightning's Trainer that is seeded, stopped early and resumed.

A name is imported when it is asked for, since Lightning takes seconds.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.training.config import TrainingConfig
    from miqrec.training.fit import Trained, train, train_on_everything
    from miqrec.training.hooks import Hooks, MakeOptimizer, MakeSchedule
    from miqrec.training.losses import bce, ce, gbce, mixture_ce, sampled_ce, sampled_mixture_ce
    from miqrec.training.negatives import (
        Unseen,
        draw,
        in_batch_weights,
        log_probabilities,
        popularity_weights,
        uniform_weights,
    )
    from miqrec.training.pretraining.config import PretrainingConfig
    from miqrec.training.pretraining.fit import pretrain

__all__ = [
    "Hooks",
    "MakeOptimizer",
    "MakeSchedule",
    "PretrainingConfig",
    "Trained",
    "TrainingConfig",
    "Unseen",
    "bce",
    "ce",
    "draw",
    "gbce",
    "in_batch_weights",
    "log_probabilities",
    "mixture_ce",
    "popularity_weights",
    "pretrain",
    "sampled_ce",
    "sampled_mixture_ce",
    "train",
    "train_on_everything",
    "uniform_weights",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.training.config": ["TrainingConfig"],
        "miqrec.training.fit": ["Trained", "train", "train_on_everything"],
        "miqrec.training.hooks": ["Hooks", "MakeOptimizer", "MakeSchedule"],
        "miqrec.training.losses": [
            "bce",
            "ce",
            "gbce",
            "mixture_ce",
            "sampled_ce",
            "sampled_mixture_ce",
        ],
        "miqrec.training.negatives": [
            "Unseen",
            "draw",
            "in_batch_weights",
            "log_probabilities",
            "popularity_weights",
            "uniform_weights",
        ],
        "miqrec.training.pretraining.config": ["PretrainingConfig"],
        "miqrec.training.pretraining.fit": ["pretrain"],
    },
)
