"""Results on a device held against the CPU's in float64, outputs and gradients.

An error is the largest difference of any number, as a share of the largest number of its kind: of the
outputs, or of all gradients together (some, such as those of key biases, are zero but for rounding).
In bfloat16 a ReLU whose input is within a rounding of 0 may pass what it should stop, so that single
gradients are off by much; there their Euclidean distance, relative too, says whether all is well.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from miqrec.models.registry import build_model
from miqrec.models.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.training.losses import bce, ce, gbce, sampled_ce

ALLOWED = {"float32": (1e-4, 1e-3, 1e-4), "bfloat16": (5e-2, 3e-1, 1e-1)}
"""The largest `Errors` that pass; bfloat16 has 8 bits of mantissa."""

B, L, D, HEADS, N_ITEMS = 4, 60, 64, 2, 500


class Case(NamedTuple):
    """A module and what it is given; its floating-point inputs get gradients too."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]


class Errors(NamedTuple):
    """Of a case in one precision."""

    output: float
    gradient: float
    distance: float  # of the gradients


class Loss(nn.Module):
    """A loss as a module, its states and item vectors being its weights."""

    def __init__(self, loss: Callable[..., Tensor], *others: Tensor) -> None:
        super().__init__()
        self.loss, self.others = (
            loss,
            nn.ParameterList(nn.Parameter(other, requires_grad=False) for other in others),
        )
        self.states = nn.Parameter(torch.randn(B * L, D))
        self.item_vectors = nn.Parameter(torch.randn(N_ITEMS + 1, D) * 0.2)

    def forward(self, targets: Tensor) -> Tensor:
        """The mean over the targets."""
        return self.loss(self.states, self.item_vectors, targets, *self.others) / len(targets)


class Layer(nn.Module):
    """An attention layer or a block on padded histories; what stands in the padding is left out."""

    def __init__(self, layer: nn.Module, *, block: bool) -> None:
        super().__init__()
        self.layer, self.block = layer, block

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, L, D), (B,) -> (B, L, D)."""
        out: Tensor = self.layer(x, lengths) if self.block else self.layer(x, lengths=lengths)
        valid = torch.arange(L, device=x.device) < lengths.unsqueeze(1)
        return out * valid.unsqueeze(-1)


def cases() -> Iterator[Case]:
    """Attention, blocks, losses and whole models."""
    torch.manual_seed(0)
    x, lengths = torch.randn(B, L, D), torch.tensor([L, L // 2, 3, 1])
    attentions = {"causal": partial(CausalSelfAttention, D, HEADS)}
    for m in (1, 5, 10):
        attentions[f"MIQ, window {m}"] = partial(MultiItemQueryAttention, D, HEADS, m)
    for name, attention in attentions.items():
        yield Case(f"attention: {name}", Layer(attention(), block=False), (x, lengths))
        for block in (SASRecBlock, S3RecBlock):
            layer = Layer(block(D, attention(), 0.0), block=True)
            yield Case(f"{block.__name__}: {name}", layer, (x, lengths))
    yield from losses()
    yield from models(lengths)


def losses() -> Iterator[Case]:
    """The losses, with negatives where they have some."""
    targets = torch.randint(1, N_ITEMS + 1, (B * L,))
    negatives = torch.randint(1, N_ITEMS + 1, (B * L, 8))
    chance = torch.full(negatives.shape, 1 / N_ITEMS).log()
    yield Case("loss: ce", Loss(ce), (targets,))
    yield Case("loss: bce", Loss(bce, negatives), (targets,))
    yield Case("loss: gbce", Loss(partial(gbce, calibration=0.75), negatives), (targets,))
    yield Case("loss: sampled-ce", Loss(sampled_ce, negatives, chance), (targets,))


def models(lengths: Tensor) -> Iterator[Case]:
    """Whole models, by their states at every position."""
    items = torch.randint(1, N_ITEMS + 1, (B, L))
    items *= torch.arange(L) < lengths.unsqueeze(1)
    for config in (SASRecConfig(), MIQSASRecConfig(window=5), MIQSASRecConfig(window=10)):
        window = getattr(config, "window", 1)
        model = build_model(config, N_ITEMS).eval()
        yield Case(f"{config.name}, window {window}", Layer(model, block=True), (items, lengths))


def errors(case: Case, device: str, precision: str) -> Errors:
    """Compare a case on a device, in one precision, with the CPU's float64."""
    expected = _run(copy.deepcopy(case.module).double(), case.inputs, "cpu", "float64")
    found = _run(copy.deepcopy(case.module), case.inputs, device, precision)
    return Errors(
        _error(found[:1], expected[:1]),
        _error(found[1:], expected[1:]),
        _distance(found[1:], expected[1:]),
    )


def _run(
    module: nn.Module, inputs: tuple[Tensor, ...], device: str, precision: str
) -> list[Tensor]:
    """The output and all gradients, as float64 on the CPU."""
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


def _error(found: list[Tensor], expected: list[Tensor]) -> float:
    largest = max(tensor.abs().max().item() for tensor in expected)
    pairs = zip(found, expected, strict=True)
    return max((a - b).abs().max().item() for a, b in pairs) / largest


def _distance(found: list[Tensor], expected: list[Tensor]) -> float:
    apart, size = (
        torch.cat([tensor.flatten() for tensor in tensors]).norm().item()
        for tensors in ([a - b for a, b in zip(found, expected, strict=True)], expected)
    )
    return apart / size
