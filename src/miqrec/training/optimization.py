"""How weights are changed: optimizers and schedules, the built-in ones and those of the caller.

A `TrainingConfig` names them: `adam`, `constant` and `linear` are built in, any other is a function,
named as `package.module:function` and imported when a training begins. A caller may pass the function
itself in `Hooks`; `record` puts its name into the config.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError
from torch import nn
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from miqrec.config import explain
from miqrec.errors import MiqrecError
from miqrec.system.dotted import dotted_name, import_function
from miqrec.training.config import BUILT_IN, TrainingConfig
from miqrec.training.hooks import Hooks, MakeOptimizer, MakeSchedule
from miqrec.training.schedule import linear


def record(config: TrainingConfig, hooks: Hooks) -> TrainingConfig:
    """Return the config with the names of the functions that the caller passes.

    Raises:
        MiqrecError: If settings of Adam were given beside another optimizer.
    """
    given = {"optimizer": hooks.optimizer, "schedule": hooks.schedule}
    names = {kind: dotted_name(function) for kind, function in given.items() if function}
    try:
        return TrainingConfig.model_validate(config.model_dump() | names)
    except ValidationError as error:
        raise MiqrecError(explain(error)) from error


def check_functions(config: TrainingConfig, hooks: Hooks) -> None:
    """Find the functions that a config names, before any work is done that would need them.

    Raises:
        MiqrecError: If one can't be imported, or is another than the caller passes.
    """
    _optimizer(config, hooks)
    _schedule(config, hooks)


def make_optimizer(
    config: TrainingConfig, hooks: Hooks, parameters: list[nn.Parameter]
) -> Optimizer:
    """Make the optimizer of these weights.

    Raises:
        MiqrecError: If the function can't be imported, or returns no optimizer.
    """
    optimizer = _optimizer(config, hooks)(parameters)
    if not isinstance(optimizer, Optimizer):
        raise MiqrecError(
            f"the optimizer {config.optimizer} returned a {type(optimizer).__name__}; it is a function "
            "of the weights that returns a torch.optim.Optimizer"
        )
    return optimizer


def make_schedule(
    config: TrainingConfig, hooks: Hooks, optimizer: Optimizer, steps: int
) -> LRScheduler | None:
    """Make the schedule of the learning rate; None where it stays as the optimizer has it.

    Args:
        config: Names the schedule.
        hooks: May hold its function.
        optimizer: Whose learning rate is scheduled.
        steps: How many steps the training has, if nothing stops it early.

    Raises:
        MiqrecError: If the function can't be imported, or returns nothing that can be stepped.
    """
    make = _schedule(config, hooks)
    if make is None:
        return None
    schedule = make(optimizer, steps)
    if not isinstance(schedule, LRScheduler) or isinstance(schedule, ReduceLROnPlateau):
        raise MiqrecError(
            f"the schedule {config.schedule} returned a {type(schedule).__name__}; it is a function of "
            "the optimizer and the number of steps that returns a torch.optim.lr_scheduler which "
            "goes on at every step, by itself"
        )
    return schedule


def _optimizer(config: TrainingConfig, hooks: Hooks) -> MakeOptimizer:
    if config.optimizer in BUILT_IN["optimizer"] and not hooks.optimizer:
        return partial(
            Adam,
            lr=config.learning_rate,
            betas=(0.9, config.beta2),
            weight_decay=config.weight_decay,
            fused=config.fused,
        )
    return _function("optimizer", config.optimizer, hooks.optimizer)


def _schedule(config: TrainingConfig, hooks: Hooks) -> MakeSchedule | None:
    if config.schedule in BUILT_IN["schedule"] and not hooks.schedule:
        return _linear if config.schedule == "linear" else None
    return _function("schedule", config.schedule, hooks.schedule)


def _linear(optimizer: Optimizer, steps: int) -> LRScheduler:
    return LambdaLR(optimizer, linear(steps))


def _function(kind: str, name: str, given: Callable[..., Any] | None) -> Callable[..., Any]:
    """Take the function that the caller gives, if it is the one of this name, or else import it."""
    if given and dotted_name(given) != name:
        raise MiqrecError(
            f"the {kind} given is {dotted_name(given)}, but the training's is {name}; "
            "give the same again, or train anew"
        )
    try:
        return given or import_function(name)
    except MiqrecError as error:
        raise MiqrecError(
            f"the {kind} of this training is missing: {error}; install its package, or give the "
            f"function itself again, as {kind}=... in Python"
        ) from error
