"""Compares results on a device with those of the CPU in float64: outputs and gradients.

An error is the largest difference between two numbers, as a share of the largest number of its kind: of
the outputs, or of all gradients together, since some, such as those of key biases, are zero but for
rounding. In bfloat16 a ReLU whose input is within a rounding of 0 may pass what it should stop, so that
single gradients are off by much; the Euclidean distance of all gradients, relative too, is more telling.
"""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.gpu.cases import Case

ALLOWED = {"float32": (1e-4, 1e-3, 1e-4), "bfloat16": (5e-2, 3e-1, 1e-1)}
"""The largest `Errors` that pass; bfloat16 has 8 bits of mantissa."""


class Errors(NamedTuple):
    """The errors of a case in one precision; the distance is that of the gradients."""

    output: float
    gradient: float
    distance: float


def errors(case: Case, device: str, precision: str) -> Errors:
    """Compare a case on a device, in one precision, with the CPU's result in float64."""
    expected = _run(copy.deepcopy(case.module).double(), case.inputs, "cpu", "float64")
    actual = _run(copy.deepcopy(case.module), case.inputs, device, precision)
    return Errors(
        _error(actual[:1], expected[:1]),
        _error(actual[1:], expected[1:]),
        _distance(actual[1:], expected[1:]),
    )


def _run(
    module: nn.Module, inputs: tuple[Tensor, ...], device: str, precision: str
) -> list[Tensor]:
    """Return the output and all gradients, as float64 on the CPU."""
    module = module.to(device)
    floats = torch.float64 if precision == "float64" else torch.float32
    inputs = tuple(
        x.detach().to(device, floats, copy=True).requires_grad_()
        if x.is_floating_point()
        else x.to(device)
        for x in inputs
    )
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        out = module(*inputs)
    weights = torch.arange(out.numel(), dtype=torch.float64).cos().view(out.shape)
    (out * weights.to(out)).sum().backward()
    leaves = [*module.parameters(), *(x for x in inputs if x.requires_grad)]
    gradients = [leaf.grad for leaf in leaves if leaf.grad is not None]
    return [tensor.detach().double().cpu() for tensor in (out, *gradients)]


def _error(actual: list[Tensor], expected: list[Tensor]) -> float:
    largest = max(tensor.abs().max().item() for tensor in expected)
    pairs = zip(actual, expected, strict=True)
    return max((a - b).abs().max().item() for a, b in pairs) / largest


def _distance(actual: list[Tensor], expected: list[Tensor]) -> float:
    apart, size = (
        torch.cat([tensor.flatten() for tensor in tensors]).norm().item()
        for tensors in ([a - b for a, b in zip(actual, expected, strict=True)], expected)
    )
    return apart / size
