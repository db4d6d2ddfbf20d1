"""Noise in training: some inputs are replaced, dropped or added, so that a model learns to bear it.

What is asked for stays as it is: a replaced item is still the target of the position before it. Where an
item is dropped, so is the question that its position asks. Where one is added, its position asks for what
the position before it asks for.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from miqrec.data.batches.training import Batch, Piece
from miqrec.training.config import TrainingConfig

Noise = Callable[[Batch, torch.Generator], Batch]
"""(batch, generator) -> the batch with noise in its inputs."""


def make_noise(config: TrainingConfig, n_items: int, max_length: int) -> Noise | None:
    """Make the noise that a config asks for, in rows of at most `max_length`; None where it asks for none."""
    if not (config.replace_inputs or config.drop_inputs or config.add_inputs):
        return None
    return partial(_add_noise, config, n_items, max_length)


def _add_noise(
    config: TrainingConfig,
    n_items: int,
    max_length: int,
    batch: Batch,
    generator: torch.Generator,
) -> Batch:
    batch = [replace_items(piece, config.replace_inputs, n_items, generator) for piece in batch]
    if config.drop_inputs:
        batch = [drop_items(piece, config.drop_inputs, generator) for piece in batch]
    if config.add_inputs:
        share = config.add_inputs
        batch = [add_items(piece, share, n_items, max_length, generator) for piece in batch]
    return batch


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
    return _only(kept, piece, kept.shape[1])


def add_items(
    piece: Piece, share: float, n_items: int, max_length: int, generator: torch.Generator
) -> Piece:
    """Put, with probability `share`, a random item behind an input, which asks for the same target.

    Where a row then has more than `max_length` inputs, the oldest are dropped.
    """
    shape, device = piece.items.shape, piece.items.device
    real = piece.items > 0
    added = _happens(shape, share, generator) & real
    others = torch.randint(1, n_items + 1, shape, device=device, generator=generator)
    weights = piece.weights
    doubled = piece._replace(  # (B, 2 L)
        items=torch.stack([piece.items, others], dim=2).flatten(1),
        targets=piece.targets.repeat_interleave(2, dim=1),
        weights=None if weights is None else weights.repeat_interleave(2, dim=1),
    )
    kept = torch.stack([real, added], dim=2).flatten(1)
    newer = kept.flip(1).cumsum(1).flip(1)  # how many are kept from here on
    kept &= newer <= max_length
    return _only(kept, doubled, max_length)


def _only(kept: Tensor, piece: Piece, width: int) -> Piece:
    """Move the positions that are kept to the front of each row: (B, any) -> (B, width)."""
    order = kept.int().argsort(dim=1, descending=True, stable=True)[:, :width]
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
