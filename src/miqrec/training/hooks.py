"""What a caller brings to a training that a config can't hold: objects and functions."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

if TYPE_CHECKING:  # Lightning takes seconds to import
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.loggers import Logger

MakeOptimizer = Callable[[list[nn.Parameter]], Optimizer]
"""The weights to be trained -> their optimizer."""

MakeSchedule = Callable[[Optimizer, int], LRScheduler]
"""(optimizer, steps of the whole training) -> a schedule, which goes on by one at every step."""


class Hooks(NamedTuple):
    """What a caller brings beside the config.

    Attributes:
        callbacks: Callbacks of Lightning's, called at every step and epoch. State that they keep in
            `state_dict` survives a resume. One that writes files names its own folder: the run's
            `checkpoints/` is removed when the run is finished.
        logger: A logger of Lightning's or several, which get each epoch's row of `history.csv`. True
            writes event files for TensorBoard where that is installed, False logs nowhere.
        device: "cpu", "cuda", "cuda:1" or "mps"; by default an NVIDIA GPU where there is one.
        optimizer: A function of the weights that returns their optimizer; by default the config's.
        schedule: A function of the optimizer and the number of steps that returns a schedule of the
            learning rate; by default the config's.
    """

    callbacks: "Sequence[Callback]" = ()
    logger: "Logger | Iterable[Logger] | bool" = True
    device: torch.device | str | None = None
    optimizer: MakeOptimizer | None = None
    schedule: MakeSchedule | None = None


FUNCTIONS = ("optimizer", "schedule")
"""The hooks that stand in a config too, by their dotted names."""

NO_HOOKS = Hooks()
