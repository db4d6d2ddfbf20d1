"""What must hold for MIQ-Attn inside any framework: one function a property.

A framework joins by a line in a test file of its own:

    test_rectools = conformance(build, {"left-padded": run}, alone)

Everything here needs PyTorch and pytest alone, since frameworks run it in environments of their own.
"""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from miqrec.nn import MultiItemQueryAttention

DIM, HEADS, LENGTH = 8, 2, 7
LENGTHS = (7, 4, 1, 0)
WINDOWS = (1, 3, 9)
"""The last is longer than any sequence."""

BOUNDS = {torch.bfloat16: 0.04, torch.float16: 0.005}
"""How far an output in reduced precision may be from that in float32, of the largest output."""

Build = Callable[[int], nn.Module]
"""Makes the framework's module for a window; it has one `MultiItemQueryAttention` inside."""
Run = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Runs it causally as the framework does: inputs (B, L, D), padding (B, L) bool -> outputs (B, L, D)."""
Alone = Callable[[nn.Module, Tensor], Tensor]
"""Says what the outputs of one sequence are, without the framework: (1, l, D) -> (1, l, D)."""


def attention_of(module: nn.Module) -> MultiItemQueryAttention:
    """Find our layer inside a framework's module."""
    (layer,) = (part for part in module.modules() if isinstance(part, MultiItemQueryAttention))
    return layer


def our_layer(module: nn.Module, sequence: Tensor) -> Tensor:
    return attention_of(module)(sequence)


def the_numbers_are_those_of_our_own_layer_on_each_sequence(case: "Case") -> None:
    """And so are the gradients, those of the dummy items before each first real item among them."""
    for window in WINDOWS:
        module, x = case.module(window), inputs()
        ours = case.run(module, x, case.padding)[~case.padding]
        theirs = torch.cat(
            [case.alone(module, x[row : row + 1][:, real])[0] for row, real in case.rows()]
        )
        torch.testing.assert_close(ours, theirs)

        direction = torch.randn_like(ours)
        wanted = [x, *module.parameters()]
        gradients = [
            torch.autograd.grad((outputs * direction).sum(), wanted, materialize_grads=True)
            for outputs in (ours, theirs)
        ]
        torch.testing.assert_close(*gradients)


def nothing_is_nan_in_outputs_or_gradients_where_a_row_is_padding_alone(case: "Case") -> None:
    for dtype in (torch.double, torch.float32, torch.bfloat16, torch.float16):
        module, x = case.module(3).to(dtype), inputs(dtype)
        outputs = case.run(module, x, case.padding)
        gradients = torch.autograd.grad(
            outputs.sum(), [x, *module.parameters()], materialize_grads=True
        )
        assert all(part.isfinite().all() for part in (outputs, *gradients))


def no_output_depends_on_later_positions(case: "Case") -> None:
    module, x = case.module(3), inputs()
    before = case.run(module, x, case.padding)
    for row, real in case.rows():
        for t in real.nonzero().flatten():
            later = torch.arange(LENGTH) > t
            changed = x.detach().clone()
            changed[row, later] += 100
            after = case.run(module, changed, case.padding)
            assert torch.equal(before[row, t], after[row, t])


def no_output_depends_on_what_stands_in_the_padding(case: "Case") -> None:
    module, x = case.module(3), inputs()
    filled = torch.where(case.padding[..., None], 100.0, x)
    ours, filled = (case.run(module, each, case.padding) for each in (x, filled))
    torch.testing.assert_close(ours[~case.padding], filled[~case.padding])


def no_output_depends_on_the_other_sequences(case: "Case") -> None:
    module, x = case.module(3), inputs()
    together = case.run(module, x, case.padding)
    for row, real in case.rows():
        one = slice(row, row + 1)
        alone = case.run(module, x[one], case.padding[one])
        torch.testing.assert_close(alone[0, real], together[row, real])


def reduced_precision_stays_near_float32(case: "Case") -> None:
    for dtype, bound in BOUNDS.items():
        module = case.module(3).to(dtype)
        x = inputs(dtype)
        reduced = case.run(module, x, case.padding)[~case.padding].float()
        full = case.run(module.float(), x.float(), case.padding)[~case.padding]
        assert (reduced - full).abs().max() <= bound * full.abs().max()


CHECKS = (
    the_numbers_are_those_of_our_own_layer_on_each_sequence,
    nothing_is_nan_in_outputs_or_gradients_where_a_row_is_padding_alone,
    no_output_depends_on_later_positions,
    no_output_depends_on_what_stands_in_the_padding,
    no_output_depends_on_the_other_sequences,
    reduced_precision_stays_near_float32,
)


class Case:
    """A framework's module, one way to run it, and a side of padding."""

    def __init__(self, build: Build, run: Run, alone: Alone, side: str):
        self.build, self.run, self.alone = build, run, alone
        self.padding = padding(side)

    def module(self, window: int) -> nn.Module:
        torch.manual_seed(0)
        module = self.build(window).double()
        with torch.no_grad():  # biases and what else starts at zero take part
            for parameter in module.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.3)
        return module

    def rows(self) -> list[tuple[int, Tensor]]:
        """The rows that have items, with the places of these, (L,) bool."""
        return [(row, real) for row, real in enumerate(~self.padding) if real.any()]


def conformance(
    build: Build,
    runs: Mapping[str, Run],
    alone: Alone = our_layer,
    sides: tuple[str, ...] = ("left", "right"),
) -> Callable[[Case, Callable[[Case], None]], None]:
    """Make a test function with a case for each way to run, side of padding and property."""
    cases = [
        pytest.param(Case(build, run, alone, side), check, id=f"{name}, {side}-{check.__name__}")
        for name, run in runs.items()
        for side in sides
        for check in CHECKS
    ]

    @pytest.mark.parametrize(("case", "check"), cases)
    def test_conformance(case: Case, check: Callable[[Case], None]) -> None:
        check(case)

    return test_conformance


def padding(side: str) -> Tensor:
    """Which positions are padding: (B, L) bool."""
    from_real_end = torch.arange(LENGTH) if side == "right" else torch.arange(LENGTH).flip(0)
    return from_real_end >= torch.tensor(LENGTHS)[:, None]


def inputs(dtype: torch.dtype = torch.double) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(len(LENGTHS), LENGTH, DIM, generator=generator)
    return x.to(dtype).requires_grad_()
