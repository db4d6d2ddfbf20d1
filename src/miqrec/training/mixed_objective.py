"""The objective of training with several answers: their mixture's loss, summed over a batch's targets."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor

from miqrec.data.batches.training import Batch, Piece
from miqrec.models.protocol import Learner
from miqrec.nn.padding import newest_positions
from miqrec.system.matmul import fast_products
from miqrec.training.answers import Mixture

MixedLoss = Callable[[Tensor, Tensor, Tensor, "Answering", torch.Generator], Tensor]
"""(states (N, D), item vectors, weights (N, n), positions that answer, generator) -> the sum of losses."""


class Answering(NamedTuple):
    """The positions of rows that answer, one row after the other, oldest first.

    Attributes:
        places: (N,) where they are among all B * L of a piece.
        targets: (N,) the item that follows, 0 where it isn't asked for.
        valid: (N,) how many answers there are to it, from 1 to n.
        weight: (N,) what each target counts for; None where all count for 1.
    """

    places: Tensor
    targets: Tensor
    valid: Tensor
    weight: Tensor | None


def make_mixed_objective(
    n: int, loss: MixedLoss, *, last: bool
) -> Callable[[Learner, Batch, torch.Generator], Tensor]:
    """Bind the loss of a mixture.

    Args:
        n: How many positions answer.
        loss: Sums the losses of the positions that have a target.
        last: Whether each row's newest target alone is asked for, or all of them are.
    """
    choose = newest_answering if last else all_answering

    def objective(encoder: Learner, batch: Batch, generator: torch.Generator) -> Tensor:
        chosen = [choose(piece, n) for piece in batch]
        states = torch.cat(
            [
                encoder(piece.items, piece.lengths).flatten(0, 1)[answering.places]
                for piece, answering in zip(batch, chosen, strict=True)
            ]
        )  # (N, D)
        answering = _concatenated(chosen)
        mixture = cast(Mixture, encoder.mixture)  # type: ignore[attr-defined]
        weights = mixture.at_every(states, answering.valid)
        with fast_products(states.device):
            return loss(states, encoder.item_vectors(), weights, answering, generator)

    return objective


def all_answering(piece: Piece, n: int) -> Answering:
    """Let every position answer, and ask for what follows each, if it is to be predicted."""
    places, length = piece.positions, piece.targets.shape[1]
    if piece.weights is not None:  # some positions that answer have no target of their own
        places = piece.items.flatten().nonzero().squeeze(1)
    valid = (places % length + 1).clamp(max=n)
    return Answering(places, piece.targets.flatten()[places], valid, _weight(piece, places))


def newest_answering(piece: Piece, n: int) -> Answering:
    """Let each row's newest n positions answer, and ask for what follows the newest.

    Where a row has fewer, its first position fills the places before it, without a part in the answer.
    """
    lengths, (rows, length) = piece.lengths, piece.targets.shape
    columns = newest_positions(lengths, n).flip(1)  # (B, n), oldest first
    places = columns + length * torch.arange(rows, device=lengths.device).unsqueeze(1)
    targets = piece.targets.gather(1, columns)
    targets[:, :-1] = 0
    valid = (lengths.unsqueeze(1) - torch.arange(n, device=lengths.device).flip(0)).clamp(1, n)
    places = places.flatten()
    return Answering(places, targets.flatten(), valid.flatten(), _weight(piece, places))


def _weight(piece: Piece, places: Tensor) -> Tensor | None:
    return None if piece.weights is None else piece.weights.flatten()[places]


def _concatenated(chosen: Sequence[Answering]) -> Answering:
    *parts, weights = zip(*chosen, strict=True)
    weight = None if weights[0] is None else torch.cat(weights)
    places, targets, valid = map(torch.cat, parts)
    return Answering(places, targets, valid, weight)
