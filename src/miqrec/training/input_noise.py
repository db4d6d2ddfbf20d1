"""Noise in training: some items of the input are replaced or dropped, so that a model learns to bear it.

What is asked for stays as it is: a replaced item is still the target of the position before it. Where an
item is dropped, so is the question that its position asks.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from miqrec.data.batches.training import Batch, Piece
from miqrec.training.config import TrainingConfig

Noise = Callable[[Batch, torch.Generator], Batch]
"""(batch, generator) -> the batch with noise in its inputs."""


def make_noise(config: TrainingConfig, n_items: int) -> Noise | None:
    """Make the noise that a config asks for; None where it asks for none."""
    if not (config.replace_inputs or config.drop_inputs):
        return None
    return partial(_add_noise, config, n_items)


def _add_noise(
    config: TrainingConfig, n_items: int, batch: Batch, generator: torch.Generator
) -> Batch:
    replaced = [replace_items(piece, config.replace_inputs, n_items, generator) for piece in batch]
    if not config.drop_inputs:
        return replaced
    return [drop_items(piece, config.drop_inputs, generator) for piece in replaced]


def replace_items(piece: Piece, share: float, n_items: int, generator: torch.Generator) -> Piece:
    """Replace each input, with probability `share`, by an item that is drawn from all alike."""
    shape, device = piece.items.shape, piece.items.device
    chosen = _happens(shape, share, generator) & (piece.items > 0)
    others = torch.randint(1, n_items + 1, shape, device=device, generator=generator)
    return piece._replace(items=torch.where(chosen, others, piece.items))


def drop_items(piece: Piece, share: float, generator: torch.Generator) -> Piece:
    """Drop each input, with probability `share`, and its target.

    A row that would be empty keeps its newest input.
    """
    kept = (piece.items > 0) & ~_happens(piece.items.shape, share, generator)  # (B, L)
    rows = torch.arange(len(kept), device=kept.device)
    kept[rows, piece.lengths - 1] |= ~kept.any(dim=1)
    order = kept.int().argsort(dim=1, descending=True, stable=True)  # the kept ones first
    items, targets = ((x * kept).gather(1, order) for x in (piece.items, piece.targets))
    weights = None if piece.weights is None else (piece.weights * kept).gather(1, order)
    return piece._replace(
        items=items,
        lengths=kept.sum(dim=1),
        targets=targets,
        positions=targets.flatten().nonzero().squeeze(1),
        weights=weights,
    )


def _happens(shape: torch.Size, share: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, device=generator.device, generator=generator) < share
