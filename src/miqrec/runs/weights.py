"""The weights of a saved model against its config, compared before anything of the config's size is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from miqrec.errors import MiqrecError

_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""PyTorch's types by the names that safetensors has for them."""

_SPARE = 1000
"""So many parameters may be made beside twice those of the file, since some are made and replaced."""


class _TooManyError(Exception):
    """A model has many more parameters than its file."""


class Weight(NamedTuple):
    """What the header of a file says of one tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype | None  # None for a type that no model has


def read_header(path: Path) -> dict[str, Weight]:
    """Read the names, shapes and types of the tensors of a file, and none of the tensors.

    Raises:
        SafetensorError: If the file is damaged.
        OSError: If it can't be read.
    """
    with safe_open(path, framework="pt") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
        return {
            name: Weight(tuple(part.get_shape()), _TYPES.get(part.get_dtype()))
            for name, part in slices.items()
        }


def check_weights(path: Path, build: Callable[[], nn.Module]) -> None:
    """Compare the parameters that a config means with those of a file, without memory for either.

    Buffers may have another shape than in a new model, as the followers that a Markov model has counted. A
    model from outside that can't be built without memory is left to PyTorch, which compares it later.

    Args:
        path: The file of the weights.
        build: Builds the model of the config.

    Raises:
        MiqrecError: If a parameter is missing, has another shape or a type that would be cast.
        SafetensorError: If the file is damaged.
        OSError: If it can't be read.
    """
    header = read_header(path)
    try:
        with torch.device("meta"), _at_most(_SPARE + 2 * len(header)):
            model = build()
    except _TooManyError as error:
        raise _mismatch(path, "the config means many more weights than there are") from error
    except (RuntimeError, NotImplementedError) as error:
        if "overflow" in str(error):
            raise _mismatch(path, "the config means sizes that no computer has") from error
        return
    parameters = dict(model.named_parameters())
    for name, tensor in model.state_dict().items():
        if reason := _difference(header.get(name), tensor, is_buffer=name not in parameters):
            raise _mismatch(path, f"of {name} {reason}")


def _mismatch(path: Path, reason: str) -> MiqrecError:
    return MiqrecError(
        f"{path} does not match config.json beside it: {reason}; the folder is damaged or was edited: "
        "restore it from a copy, or train again"
    )


def _difference(saved: Weight | None, meant: Tensor, *, is_buffer: bool) -> str | None:
    """Say in what a tensor differs; None if in nothing that matters."""
    if saved is None:
        return "there is nothing"
    if not is_buffer and saved.shape != tuple(meant.shape):
        return f"the shape is {saved.shape}, and the config means {tuple(meant.shape)}"
    if saved.dtype != meant.dtype:
        return f"the type is {saved.dtype}, and the model has {meant.dtype}"
    return None


@contextmanager
def _at_most(n_parameters: int) -> Iterator[None]:
    """Stop a model that has more parameters than there can be, be they without memory."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1
        if made > n_parameters:
            raise _TooManyError

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()
