"""Sampled negatives: a vector of weights says what to draw from, and one function draws.

Weights are (n_items + 1,) int64: whole numbers, so that no draw is lost to rounding. An item of
weight 0 is never drawn, and padding (row 0) always has weight 0. The three samplers are
`uniform_weights`, `popularity_weights` and `in_batch_weights`. The generator, which is on the
tensors' device, decides every draw.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

RESOLUTION = 2**36
"""The sum of the popularity weights, which leaves room for 2^27 users in 64 bits."""


def uniform_weights(n_items: int) -> Tensor:
    """Give every item the same weight."""
    weights = torch.ones(n_items + 1, dtype=torch.int64)
    weights[0] = 0
    return weights


def popularity_weights(counts: Tensor, power: float) -> Tensor:
    """Weigh each item by its count to a power (word2vec's choice is 0.75), up to rounding.

    Args:
        counts: (n_items + 1,) interactions of each item. With a positive power an item without any is
            never drawn, and any other at least once in 2^36 draws.
        power: 0 is uniform, 1 is proportional to popularity.
    """
    raised = counts.double() ** power
    raised[0] = 0
    return (raised / raised.sum() * RESOLUTION).ceil().long()


def in_batch_weights(targets: Tensor, n_items: int) -> Tensor:
    """Weigh each item by how often it is a target of this batch.

    A batch with one and the same target throughout has no other to offer, so there all items weigh
    alike.
    """
    weights = torch.bincount(targets, minlength=n_items + 1)
    return weights if (weights > 0).sum() > 1 else uniform_weights(n_items).to(targets.device)


def draw(weights: Tensor, targets: Tensor, k: int, *, generator: torch.Generator) -> Tensor:
    """Draw negatives with replacement, in proportion to the weights, never the target.

    Args:
        weights: (n_items + 1,).
        targets: (N,).
        k: How many negatives each target gets.
        generator: Source of randomness.

    Returns:
        (N, k) int64.

    Raises:
        MiqrecError: If some target is the only item that weighs anything.
    """
    cumulative = weights.cumsum(0)
    own = weights[targets].unsqueeze(1)  # (N, 1)
    others = cumulative[-1] - own
    if (others == 0).any():
        raise MiqrecError("there is no item but the target to draw negatives from: use loss ce")
    position = draw_below(others.expand(-1, k), generator)  # (N, k), on a line without the target
    position += own * (position >= cumulative[targets - 1].unsqueeze(1))
    return torch.searchsorted(cumulative, position, right=True)


def log_probabilities(weights: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
    """Return the log-probability with which one draw gives each negative, (N, k) float32."""
    others = weights.sum() - weights[targets].unsqueeze(1)  # (N, 1)
    return (weights[negatives].double() / others).log().float()


@dataclass(frozen=True)
class Unseen:
    """The items that each user has not had, arranged so that two binary searches draw one of them.

    Lay the items' weights end to end on a line, and cut out those that user u has seen. A point x on
    the rest belongs to the item at x + (the weight of the seen items whose cut is at or before x).

    Attributes:
        weights: (n_items + 1,) the weights to draw by.
        cuts: (n,) for each seen item u * (total + 1) + the weight of u's unseen items before it;
            ascending, users one after the other.
        removed: (n + 1,) the weight of the seen items before each.
        offsets: (n_users + 1,) where the seen items of each user begin.
    """

    weights: Tensor
    cuts: Tensor
    removed: Tensor
    offsets: Tensor

    @classmethod
    def from_history(cls, weights: Tensor, users: Tensor, items: Tensor) -> Self:
        """Arrange what each user's items leave of the weights.

        Args:
            weights: (n_items + 1,).
            users: (n,) the internal user of each interaction, in any order.
            items: (n,) the item of each interaction; repeats collapse.
        """
        cumulative = weights.cumsum(0)
        pairs = torch.unique(users.long() * len(weights) + items)  # sorted
        users, items = pairs // len(weights), pairs % len(weights)
        removed = torch.cat([weights.new_zeros(1), weights[items].cumsum(0)])
        offsets = torch.cat([users.new_zeros(1), torch.bincount(users).cumsum(0)])
        removed_here = removed[:-1] - removed[offsets[users]]
        cuts = users * (cumulative[-1] + 1) + cumulative[items - 1] - removed_here
        return cls(weights, cuts, removed, offsets)

    def draw(self, users: Tensor, targets: Tensor, k: int, *, generator: torch.Generator) -> Tensor:
        """Draw negatives outside the users' histories, exactly and without rejection.

        A user who has seen every item that weighs anything gets seen items, though never the target.

        Args:
            users: (N,).
            targets: (N,) items of the users' histories.
            k: How many negatives each target gets.
            generator: Source of randomness.

        Returns:
            (N, k) int64.

        Raises:
            MiqrecError: If a target is drawn, since it is not in its user's history.
        """
        cumulative = self.weights.cumsum(0)
        before = self.removed[self.offsets[users]].unsqueeze(1)  # (N, 1)
        left = cumulative[-1] - (self.removed[self.offsets[users + 1]].unsqueeze(1) - before)
        position = draw_below(left.expand(-1, k), generator)  # (N, k), on the line without the seen
        key = users.unsqueeze(1) * (cumulative[-1] + 1) + position
        position += self.removed[torch.searchsorted(self.cuts, key, right=True)] - before
        negatives = torch.searchsorted(cumulative, position, right=True)
        full = left.squeeze(1) == 0
        if full.any():
            negatives[full] = draw(self.weights, targets[full], k, generator=generator)
        if (negatives == targets.unsqueeze(1)).any():
            raise MiqrecError("a target is missing from its user's history: arrange that one first")
        return negatives


def draw_below(bounds: Tensor, generator: torch.Generator) -> Tensor:
    """Draw uniform whole numbers with 0 <= number < bound, one for each of the bounds, below 2^53."""
    uniform = torch.rand(
        bounds.shape, dtype=torch.float64, device=bounds.device, generator=generator
    )
    return (uniform * bounds).long()
