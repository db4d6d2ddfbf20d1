"""The two ways in which a batch of prefixes is spoilt, so that there is something to restore.

Every draw is the given generator's.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.data.batches.slicing import slices
from miqrec.data.histories import Histories
from miqrec.training.negatives import Unseen, uniform_weights
from miqrec.training.pretraining.examples import Prefixes


class Masked(NamedTuple):
    """Sequences with masks in the place of some items."""

    items: Tensor  # (B, L) with masks
    hidden: Tensor  # (B, L) bool, where they stand
    targets: Tensor  # (N,) the hidden items, row by row
    negatives: Tensor  # (N,) for each an item that its user has not had


class Segments(NamedTuple):
    """A segment's context and two that might have stood there, each (B, L) with masks around it."""

    context: Tensor  # the sequence, with masks where the segment stood
    positive: Tensor  # the segment
    negative: Tensor  # as many items from elsewhere


@dataclass(frozen=True)
class Elsewhere:
    """Where negatives come from: the training items of all users, and of each what it lacks.

    Attributes:
        items: (n,) training items end to end, user after user.
        unseen: What each user has not had in training; held-out items count as such, so that
            nothing here depends on them. (The authors' code spares the prefix's own items only.)
    """

    items: Tensor
    unseen: Unseen

    @classmethod
    def of(cls, histories: Histories, device: torch.device) -> "Elsewhere":
        """Arrange the training items."""
        items, rows = slices(histories.items, histories.starts, histories.lengths)
        items, users = items.to(device), torch.from_numpy(histories.users)[rows].to(device)
        weights = uniform_weights(histories.n_items).to(device)
        return cls(items, Unseen.from_history(weights, users, items))


def mask_items(
    batch: Prefixes, elsewhere: Elsewhere, share: float, mask: int, generator: torch.Generator
) -> Masked:
    """Mask the newest item of each prefix, and each of the others with probability `share`.

    Args:
        batch: B prefixes.
        elsewhere: Where negatives come from.
        share: 0..1.
        mask: The id that is put in their place.
        generator: Source of randomness.
    """
    users, items, lengths = batch
    hidden = torch.rand(items.shape, device=items.device, generator=generator) < share
    hidden[torch.arange(len(items), device=items.device), lengths - 1] = True
    hidden &= items > 0
    targets = items[hidden]  # (N,)
    owners = users.unsqueeze(1).expand_as(items)[hidden]
    negatives = elsewhere.unseen.draw(owners, targets, 1, generator=generator).squeeze(1)
    return Masked(items.masked_fill(hidden, mask), hidden, targets, negatives)


def cut_segments(
    batch: Prefixes, elsewhere: Elsewhere, mask: int, generator: torch.Generator
) -> Segments:
    """Cut a segment of 1 to half as many items out of each prefix, at any place, both uniform.

    As in the authors' code a negative one is cut at any place of the training items end to end:
    also across users, or out of the same user. There held-out items are among them, here not. A
    prefix of one item loses that.

    Args:
        batch: B prefixes.
        elsewhere: Where negative segments come from.
        mask: The id that stands for what is not there.
        generator: Source of randomness.
    """
    _, items, lengths = batch
    sizes = 1 + _below((lengths // 2).clamp(min=1), generator)  # (B,)
    starts = _below(lengths - sizes + 1, generator).unsqueeze(1)  # (B, 1)
    other_starts = _below(len(elsewhere.items) - sizes + 1, generator).unsqueeze(1)
    offsets = torch.arange(items.shape[1], device=items.device) - starts  # (B, L)
    inside = (offsets >= 0) & (offsets < sizes.unsqueeze(1))
    others = elsewhere.items[torch.where(inside, other_starts + offsets, 0)]  # (B, L)
    masks = torch.where(items > 0, mask, 0)
    return Segments(
        context=torch.where(inside, mask, items),
        positive=torch.where(inside, items, masks),
        negative=torch.where(inside, others, masks),
    )


def _below(bounds: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform whole numbers, 0 <= number < bound each; (N,) as the bounds."""
    uniform = torch.rand(
        bounds.shape, dtype=torch.float64, device=bounds.device, generator=generator
    )
    return (uniform * bounds).long()
