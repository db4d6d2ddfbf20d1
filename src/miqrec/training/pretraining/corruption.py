"""Corruption of a batch of prefixes: items are masked or segments cut, and pre-training restores them.

The generator that is passed in decides every draw.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.data.histories import Histories
from miqrec.training.negatives import Unseen, draw_below, uniform_weights
from miqrec.training.objective import interactions
from miqrec.training.pretraining.examples import Prefixes


class Masked(NamedTuple):
    """Sequences with masks in the place of some items.

    Attributes:
        items: (B, L), with masks.
        hidden: (B, L) bool, where the masks stand.
        targets: (N,) the hidden items, row by row.
        negatives: (N,) for each of them an item that its user has not had.
    """

    items: Tensor
    hidden: Tensor
    targets: Tensor
    negatives: Tensor


class Segments(NamedTuple):
    """A segment's context, and two segments that might have stood there.

    Attributes:
        context: (B, L), the sequence with masks where the segment stood.
        positive: (B, L), the segment with masks around it.
        negative: (B, L), as many other items with masks around them.
    """

    context: Tensor
    positive: Tensor
    negative: Tensor


@dataclass(frozen=True)
class NegativeSource:
    """Where negatives are drawn from: segments from all training items, items from what a user lacks.

    Attributes:
        items: (n,) the training items, one user's after the other's.
        unseen: The items that each user has not had in training. Held-out items are among them, so
            that nothing here depends on what is held out. (The authors' code only avoids the
            prefix's own items.)
    """

    items: Tensor
    unseen: Unseen

    @classmethod
    def of(cls, histories: Histories, device: torch.device) -> "NegativeSource":
        """Arrange the items of these histories on a device."""
        items, users = interactions(histories, device)
        weights = uniform_weights(histories.n_items).to(device)
        return cls(items, Unseen.from_history(weights, users, items))


def mask_items(
    batch: Prefixes, source: NegativeSource, share: float, mask: int, generator: torch.Generator
) -> Masked:
    """Mask the newest item of each prefix, and each of the others with probability `share`.

    Args:
        batch: B prefixes.
        source: Where negatives are drawn from.
        share: 0..1.
        mask: The id that takes the place of a masked item.
        generator: Source of randomness.
    """
    users, items, lengths = batch
    hidden = torch.rand(items.shape, device=items.device, generator=generator) < share
    hidden[torch.arange(len(items), device=items.device), lengths - 1] = True
    hidden &= items > 0
    targets = items[hidden]  # (N,)
    owners = users.unsqueeze(1).expand_as(items)[hidden]
    negatives = source.unseen.draw(owners, targets, 1, generator=generator).squeeze(1)
    return Masked(items.masked_fill(hidden, mask), hidden, targets, negatives)


def cut_segments(
    batch: Prefixes, source: NegativeSource, mask: int, generator: torch.Generator
) -> Segments:
    """Cut a segment out of each prefix; its size, 1 to half the prefix, and its place are uniform.

    As in the authors' code a negative segment is cut at any place of all training items: it may
    span two users, or be the same user's. In their code held-out items are among them, here not. A
    prefix of one item loses this item.

    Args:
        batch: B prefixes.
        source: Where negative segments are cut from.
        mask: The id that stands for an item that is not shown.
        generator: Source of randomness.
    """
    _, items, lengths = batch
    sizes = 1 + draw_below((lengths // 2).clamp(min=1), generator)  # (B,)
    starts = draw_below(lengths - sizes + 1, generator).unsqueeze(1)  # (B, 1)
    other_starts = draw_below(len(source.items) - sizes + 1, generator).unsqueeze(1)
    offsets = torch.arange(items.shape[1], device=items.device) - starts  # (B, L)
    inside = (offsets >= 0) & (offsets < sizes.unsqueeze(1))
    others = source.items[torch.where(inside, other_starts + offsets, 0)]  # (B, L)
    masks = torch.where(items > 0, mask, 0)
    return Segments(
        context=torch.where(inside, mask, items),
        positive=torch.where(inside, items, masks),
        negative=torch.where(inside, others, masks),
    )
