"""The objective of training: a batch goes through the model, and its loss is summed over the targets."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.data.batches.slicing import slices
from miqrec.data.batches.training import Batch, Piece
from miqrec.data.histories import Histories
from miqrec.models.protocol import Learner
from miqrec.system.environment import require_float64
from miqrec.system.matmul import fast_products
from miqrec.training.config import TrainingConfig
from miqrec.training.losses import bce, ce, gbce, mixture_ce, sampled_ce, sampled_mixture_ce
from miqrec.training.mixed_objective import Answering, MixedLoss, make_mixed_objective
from miqrec.training.negatives import (
    Unseen,
    draw,
    in_batch_weights,
    log_probabilities,
    popularity_weights,
    uniform_weights,
)

WITHOUT_NEGATIVES = ("ce", "cce", "ce-last")
"""The losses that take all items as candidates, and draw none."""

Objective = Callable[[Learner, Batch, torch.Generator], Tensor]
"""(model, batch, generator that negatives are drawn from) -> the loss summed over the targets."""


class Targets(NamedTuple):
    """What is asked of the states of a batch.

    Attributes:
        items: (N,) the item that follows each state.
        users: (N,) whose it is.
        weight: (N,) what each counts for; None where all count for 1.
    """

    items: Tensor
    users: Tensor
    weight: Tensor | None


Loss = Callable[[Tensor, Tensor, Targets, torch.Generator], Tensor]
"""(states (N, D), item vectors, targets, generator) -> the sum of N losses."""


def make_objective(config: TrainingConfig, histories: Histories, device: torch.device) -> Objective:
    """Bind a loss to what it needs besides a batch: items' counts, users' histories, settings.

    Args:
        config: Names the loss and the sampler.
        histories: The histories that are trained on.
        device: Where the batches will be.

    Raises:
        MiqrecError: If the loss draws negatives and the device has no float64.
    """
    if config.loss not in WITHOUT_NEGATIVES:
        require_float64(device, f"drawing negatives, as the loss {config.loss} does,")
    items, users = interactions(histories, device)
    last = config.loss == "ce-last"
    if config.answers > 1:
        mixed = _make_mixed_loss(config, items, histories.n_items)
        return make_mixed_objective(config.answers, mixed, last=last)
    loss = _make_loss(config, items, users, histories.n_items)

    def objective(encoder: Learner, batch: Batch, generator: torch.Generator) -> Tensor:
        states, asked = zip(*(_encode(encoder, piece, last=last) for piece in batch), strict=True)
        encoded, targets = torch.cat(states), _concatenated(asked)
        with fast_products(encoded.device):
            return loss(encoded, encoder.item_vectors(), targets, generator)

    return objective


def _encode(encoder: Learner, piece: Piece, *, last: bool) -> tuple[Tensor, Targets]:
    """Encode a piece: the states that have a target (N, D), and the targets."""
    rows, positions = _positions(piece, last=last)
    states = encoder(piece.items, piece.lengths).flatten(0, 1)[positions]
    weight = None if piece.weights is None else piece.weights.flatten()[positions]
    return states, Targets(piece.targets.flatten()[positions], piece.users[rows], weight)


def _concatenated(asked: Sequence[Targets]) -> Targets:
    items, users, weights = zip(*asked, strict=True)
    weight = None if weights[0] is None else torch.cat(weights)
    return Targets(torch.cat(items), torch.cat(users), weight)


def interactions(histories: Histories, device: torch.device) -> tuple[Tensor, Tensor]:
    """List the items of the histories, one history after the other, and their users, (n,) each."""
    items, rows = slices(histories.items, histories.starts, histories.lengths)
    return items.to(device), torch.from_numpy(histories.users)[rows].to(device)


def _positions(piece: Piece, *, last: bool) -> tuple[Tensor, Tensor]:
    """Find the targets that count: the row of each, and its place among all B * L, (N,) each."""
    length = piece.targets.shape[1]
    if last:
        rows = torch.arange(len(piece.users), device=piece.users.device)
        places = rows * length + piece.lengths - 1
        if piece.weights is None:
            return rows, places
        asked = piece.targets.flatten()[places] > 0  # which dropped inputs may have taken along
        return rows[asked], places[asked]
    return piece.positions // length, piece.positions


def _make_loss(config: TrainingConfig, items: Tensor, users: Tensor, n_items: int) -> Loss:
    if config.loss in WITHOUT_NEGATIVES:
        return lambda states, vectors, targets, _: ce(
            states, vectors, targets.items, targets.weight
        )
    weights = _make_weights(config, items, n_items)
    if config.loss == "bce":
        unseen = Unseen.from_history(weights(items), users, items)
        return _make_bce(unseen, config.negatives)
    return _make_sampled(config, weights)


def _make_mixed_loss(config: TrainingConfig, items: Tensor, n_items: int) -> MixedLoss:
    if config.loss in WITHOUT_NEGATIVES:
        return lambda states, vectors, weights, answering, _: mixture_ce(
            states, vectors, weights, answering.targets, answering.weight
        )
    candidates = _make_weights(config, items, n_items)

    def loss(
        states: Tensor,
        vectors: Tensor,
        weights: Tensor,
        answering: Answering,
        generator: torch.Generator,
    ) -> Tensor:
        targets = answering.targets
        chosen = candidates(targets)
        negatives = draw(chosen, targets, config.negatives, generator=generator)  # (N, k)
        logs = log_probabilities(chosen, targets, negatives)
        return sampled_mixture_ce(
            states, vectors, weights, targets, negatives, logs, answering.weight
        )

    return loss


def _make_weights(
    config: TrainingConfig, items: Tensor, n_items: int
) -> Callable[[Tensor], Tensor]:
    """Make the function that gives the weights (n_items + 1,) to draw by, from the batch's targets."""
    if config.sampler == "in-batch":
        return lambda targets: in_batch_weights(targets, n_items)
    if config.sampler == "uniform":
        fixed = uniform_weights(n_items).to(items.device)
    else:
        counts = torch.bincount(items, minlength=n_items + 1)
        fixed = popularity_weights(counts, config.sampling_power)
    return lambda _: fixed


def _make_bce(unseen: Unseen, k: int) -> Loss:
    def loss(
        states: Tensor, vectors: Tensor, targets: Targets, generator: torch.Generator
    ) -> Tensor:
        negatives = unseen.draw(targets.users, targets.items, k, generator=generator)
        return bce(states, vectors, targets.items, negatives, targets.weight)

    return loss


def _make_sampled(config: TrainingConfig, weights: Callable[[Tensor], Tensor]) -> Loss:
    def loss(
        states: Tensor, vectors: Tensor, targets: Targets, generator: torch.Generator
    ) -> Tensor:
        items, weight = targets.items, targets.weight
        chosen = weights(items)
        negatives = draw(chosen, items, config.negatives, generator=generator)  # (N, k)
        if config.loss == "gbce":
            t = config.calibration
            return gbce(states, vectors, items, negatives, weight, calibration=t)
        logs = log_probabilities(chosen, items, negatives)
        return sampled_ce(states, vectors, items, negatives, logs, weight)

    return loss
