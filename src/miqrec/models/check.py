"""See that what a registered function has built is a model, before anything is done with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.models.protocol import Learner, Model, learns
from miqrec.system.seeds import seeded


def check_model(model: Any, name: str, n_items: int, *, pretrainable: bool = False) -> Model:
    """Check the members of a model, and what it gives for two short histories.

    Args:
        model: What was built.
        name: The name of its config.
        n_items: How many items it was built for.
        pretrainable: Whether it was registered as such.

    Raises:
        MiqrecError: If a member is missing, or a result has another shape or type than it must have.
    """
    if not isinstance(model, nn.Module):
        raise MiqrecError(
            f"the model {name!r} can't be built: its function gave {type(model).__name__}, and must give "
            "a torch.nn.Module"
        )
    if missing := _missing(model, pretrainable=pretrainable):
        raise MiqrecError(f"the model {name!r} ({type(model).__name__}) has no {missing}")
    checked = cast(Model, model)
    with _undisturbed(model):
        _check_results(checked, name, n_items)
    return checked


def _missing(model: nn.Module, *, pretrainable: bool) -> str | None:
    """Name the first member that a model lacks."""
    length = getattr(model, "max_length", None)
    members = {
        "scores(items, lengths)": _has_method(model, "scores"),
        "max_length, a whole number from 1": isinstance(length, int) and length > 0,
        "parameter and no buffer, so there is nothing to save": bool(model.state_dict()),
    }
    if not _has_method(model, "fit"):
        why = "which it needs to be trained, and no fit to fit itself"
        members[f"forward(items, lengths), {why}"] = type(model).forward is not nn.Module.forward
        members[f"item_vectors(), {why}"] = _has_method(model, "item_vectors")
        members[f"last(items, lengths), {why}"] = _has_method(model, "last")
    if pretrainable:
        members["mask, the item that pre-training hides others behind"] = hasattr(model, "mask")
        members["causal, which pre-training switches off"] = hasattr(model, "causal")
    return next((member for member, is_there in members.items() if not is_there), None)


def _has_method(model: nn.Module, name: str) -> bool:
    return callable(getattr(model, name, None))


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Leave a model's mode, its gradients and all random draws as they were."""
    training = model.training
    with seeded(0), torch.no_grad():
        yield
    model.train(training)


def _check_results(model: Model, name: str, n_items: int) -> None:
    """Check the shapes of all that the model gives for histories of 2 items and of 1."""
    model.eval()
    items = torch.tensor([[1, 1], [1, 0]])[:, : model.max_length]
    lengths = torch.tensor([items.shape[1], 1])
    scores = model.scores(items, lengths)
    _check_shape(scores, (2, n_items + 1), f"scores of the model {name!r}")
    if scores.dtype != torch.float32:
        raise MiqrecError(f"scores of the model {name!r} are {scores.dtype}; give torch.float32")
    if learns(model):
        _check_states(model, items, lengths, name, n_items)


def _check_states(model: Learner, items: Tensor, lengths: Tensor, name: str, n_items: int) -> None:
    states = model(items, lengths)
    dim = states.shape[-1] if isinstance(states, Tensor) and states.dim() else 0
    _check_shape(states, (*items.shape, dim), f"forward of the model {name!r}")
    _check_shape(model.last(items, lengths), (2, 1, dim), f"last of the model {name!r}")
    _check_shape(model.item_vectors(), (n_items + 1, dim), f"item_vectors of the model {name!r}")


def _check_shape(result: Any, shape: tuple[int, ...], what: str) -> None:
    if not isinstance(result, Tensor):
        raise MiqrecError(
            f"{what} gives {type(result).__name__} instead of a tensor of shape {shape}"
        )
    if result.shape != shape:
        raise MiqrecError(
            f"{what} has shape {tuple(result.shape)} for two histories; it must have {shape}"
        )
