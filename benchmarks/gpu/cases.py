"""The cases that are checked: attention, blocks, losses and whole models."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.registry import build_model
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.training.losses import bce, ce, gbce, sampled_ce

B, L, D, HEADS, N_ITEMS = 4, 60, 64, 2, 500


class Case(NamedTuple):
    """A module and its inputs, of which those with floating-point numbers get gradients too."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]


class Loss(nn.Module):
    """A loss as a module, whose weights are the states and the item vectors."""

    def __init__(self, loss: Callable[..., Tensor], *others: Tensor) -> None:
        super().__init__()
        self.loss = loss
        self.others = nn.ParameterList(nn.Parameter(other, requires_grad=False) for other in others)
        self.states = nn.Parameter(torch.randn(B * L, D))
        self.item_vectors = nn.Parameter(torch.randn(N_ITEMS + 1, D) * 0.2)

    def forward(self, targets: Tensor) -> Tensor:
        """Return the mean over the targets."""
        return self.loss(self.states, self.item_vectors, targets, *self.others) / len(targets)


class Layer(nn.Module):
    """An attention layer or a block on padded histories, with zeros in place of the padding's outputs."""

    def __init__(self, layer: nn.Module, *, block: bool) -> None:
        super().__init__()
        self.layer, self.block = layer, block

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Apply the layer: (B, L, D), (B,) -> (B, L, D)."""
        out: Tensor = self.layer(x, lengths) if self.block else self.layer(x, lengths=lengths)
        valid = torch.arange(L, device=x.device) < lengths.unsqueeze(1)
        return out * valid.unsqueeze(-1)


def cases() -> Iterator[Case]:
    """Yield attention layers, blocks, losses and whole models."""
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
    """Yield the losses, with negatives where they have some."""
    targets = torch.randint(1, N_ITEMS + 1, (B * L,))
    negatives = torch.randint(1, N_ITEMS + 1, (B * L, 8))
    chance = torch.full(negatives.shape, 1 / N_ITEMS).log()
    yield Case("loss: ce", Loss(ce), (targets,))
    yield Case("loss: bce", Loss(bce, negatives), (targets,))
    yield Case("loss: gbce", Loss(partial(gbce, calibration=0.75), negatives), (targets,))
    yield Case("loss: sampled-ce", Loss(sampled_ce, negatives, chance), (targets,))


def models(lengths: Tensor) -> Iterator[Case]:
    """Yield whole models, whose outputs are the states of every position."""
    items = torch.randint(1, N_ITEMS + 1, (B, L))
    items *= torch.arange(L) < lengths.unsqueeze(1)
    for config in (SASRecConfig(), MIQSASRecConfig(window=5), MIQSASRecConfig(window=10)):
        window = getattr(config, "window", 1)
        model = build_model(config, N_ITEMS).eval()
        yield Case(f"{config.name}, window {window}", Layer(model, block=True), (items, lengths))
