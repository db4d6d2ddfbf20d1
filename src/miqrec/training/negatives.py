"""Sampled negatives: what to draw from is a vector of weights, how to draw is one function.

Weights are (n_items + 1,) int64, whole numbers so that no draw is lost to rounding; weight 0 is
never drawn, and padding (row 0) always weighs 0. The three samplers are `uniform_weights`,
`popularity_weights` and `in_batch_weights`. Draws are deterministic given the generator, which
must live on the tensors' device.
"""

from dataclasses import dataclass
from typing import Literal, Self

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

SamplerName = Literal["uniform", "popularity", "in-batch"]

RESOLUTION = 2**36  # total of the popularity weights: leaves room for 2^27 users in 64 bits


def uniform_weights(n_items: int) -> Tensor:
    """Every item weighs the same."""
    weights = torch.ones(n_items + 1, dtype=torch.int64)
    weights[0] = 0
    return weights


def popularity_weights(counts: Tensor, power: float) -> Tensor:
    """Items weigh their count to a power (word2vec's choice is 0.75), up to rounding.

    Args:
        counts: (n_items + 1,) interactions an item. With a positive power an item without any is
            never drawn, others at least once in 2^36.
        power: 0 is uniform, 1 is proportional to popularity.
    """
    raised = counts.double() ** power
    raised[0] = 0
    return (raised / raised.sum() * RESOLUTION).ceil().long()


def in_batch_weights(targets: Tensor, n_items: int) -> Tensor:
    """Items weigh as often as they are targets of this batch.

    A batch with one and the same target throughout has no other to offer: all items weigh alike.
    """
    weights = torch.bincount(targets, minlength=n_items + 1)
    return weights if (weights > 0).sum() > 1 else uniform_weights(n_items).to(targets.device)


def draw(weights: Tensor, targets: Tensor, k: int, *, generator: torch.Generator) -> Tensor:
    """Draw negatives with replacement, in proportion to the weights, never the target.

    Args:
        weights: (n_items + 1,).
        targets: (N,).
        k: negatives a target.
        generator: source of randomness.

    Returns:
        (N, k) int64.

    Raises:
        MiqrecError: if some target is the only item that weighs anything.
    """
    cumulative = weights.cumsum(0)
    own = weights[targets].unsqueeze(1)  # (N, 1)
    others = cumulative[-1] - own
    if (others == 0).any():
        raise MiqrecError("there is no item but the target to draw negatives from: use loss ce")
    position = _below(others, k, generator)  # (N, k), on a line from which the target is cut out
    position += own * (position >= cumulative[targets - 1].unsqueeze(1))
    return torch.searchsorted(cumulative, position, right=True)


def log_probabilities(weights: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
    """Log-probability with which one draw of `draw` gives each negative, (N, k) float32."""
    others = weights.sum() - weights[targets].unsqueeze(1)  # (N, 1)
    return (weights[negatives].double() / others).log().float()


@dataclass(frozen=True)
class Unseen:
    """The items that each user has not had, arranged so that drawing one is two binary searches.

    Lay the items' weights end to end, and cut out those that user u has seen. A point x on what is
    left belongs to the item at x + (weight of the seen items whose cut lies at or before x).

    Attributes:
        weights: (n_items + 1,) weights to draw by.
        cuts: (n,) for each seen item, u * (total + 1) + weight of u's unseen items before it;
            ascending, users one after the other.
        removed: (n + 1,) weight of the seen items before each.
        offsets: (n_users + 1,) where each user's seen items begin.
    """

    weights: Tensor
    cuts: Tensor
    removed: Tensor
    offsets: Tensor

    @classmethod
    def from_history(cls, weights: Tensor, users: Tensor, items: Tensor) -> Self:
        """Arrange what is left of `weights` (n_items + 1,) after each user's items.

        Args:
            weights: (n_items + 1,).
            users: (n,) internal user of each interaction, in any order.
            items: (n,) item of each interaction; repeats collapse.
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

        A user with nothing left (every item that weighs anything is seen) gets seen items, though
        never the target.

        Args:
            users: (N,).
            targets: (N,) items of the users' histories.
            k: negatives a target.
            generator: source of randomness.

        Returns:
            (N, k) int64.

        Raises:
            MiqrecError: if a target is drawn, as it is not in its user's history.
        """
        cumulative = self.weights.cumsum(0)
        before = self.removed[self.offsets[users]].unsqueeze(1)  # (N, 1)
        left = cumulative[-1] - (self.removed[self.offsets[users + 1]].unsqueeze(1) - before)
        position = _below(left, k, generator)  # (N, k), on the line without the seen items
        key = users.unsqueeze(1) * (cumulative[-1] + 1) + position
        position += self.removed[torch.searchsorted(self.cuts, key, right=True)] - before
        negatives = torch.searchsorted(cumulative, position, right=True)
        full = left.squeeze(1) == 0
        if full.any():
            negatives[full] = draw(self.weights, targets[full], k, generator=generator)
        if (negatives == targets.unsqueeze(1)).any():
            raise MiqrecError("a target is missing from its user's history: arrange that one first")
        return negatives


def _below(bounds: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """Uniform whole numbers (N, k) with 0 <= number < bound, for bounds (N, 1) below 2^53."""
    shape = (len(bounds), k)
    uniform = torch.rand(shape, dtype=torch.float64, device=bounds.device, generator=generator)
    return (uniform * bounds).long()
