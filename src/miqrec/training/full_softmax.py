r"""The full softmax in chunks: the loss and both of its gradients in one pass over positions and items.

The (N, n_items) scores never exist as a whole. Positions are computed in chunks, and each chunk adds its
part of the gradients at once, as in Liger's fused linear cross-entropy (arXiv 2410.10989). Backward only
scales the gradients, so there are no second derivatives. Under autocast the products are in its precision,
the softmax and the sums over chunks in float32.

With several answers, position t's loss is -log sum_j a_{t,j} q_{t-j}(target_t), j = 0..n-1, with q_s the
softmax of position s. Let r_{t,j}, the responsibility, be the share of term j in that sum, and the load of
position s be R_s = sum_j r_{s+j,j}. Then

    d loss / d score_s(i) = R_s q_s(i) - sum_j r_{s+j,j} [i = target_{s+j}]
    d loss / d a_{t,j} = -q_{t-j}(target_t) / sum_k a_{t,k} q_{t-k}(target_t)

Position s answers for the targets of its own and the next n - 1 positions, whose scores are among those of
its softmax. So each position's normaliser is computed once, and chunks end between sequences.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = 2**19
"""Scores in a chunk on a CPU: 2 MiB in float32, which stay in the cache between two passes."""

CHUNK_OFF_CPU = 2**26
"""Scores in a chunk on a GPU, 256 MiB: it waits for the start of each operation, not for memory."""

ROWS = 128
"""The fewest rows in a chunk, since each chunk reads and writes the items' whole gradient."""


def cross_entropy(states: Tensor, item_vectors: Tensor, targets: Tensor) -> Tensor:
    """Sum -log softmax(target) over positions: (N, D), (n_items + 1, D), (N,) -> scalar."""
    rows = _rows_at_a_time(item_vectors, states)
    edges = [*range(0, len(states), rows), len(states)]
    return _apply(states, item_vectors, None, targets, edges)


def mixture_cross_entropy(
    states: Tensor, item_vectors: Tensor, weights: Tensor, targets: Tensor, lengths: Tensor
) -> Tensor:
    """Sum -log of the mixture of n answers at the target, over the positions that have a target.

    Args:
        states: (N, D), of sequences one after the other.
        item_vectors: (n_items + 1, D).
        weights: (N, n), the newest answer first; 0 where a sequence has no such answer.
        targets: (N,), 0 at a position that answers for later ones only.
        lengths: (B,) of the sequences; they sum to N.
    """
    rows = _rows_at_a_time(item_vectors, states)
    whole = len(states) <= rows  # then no device is waited for
    edges = [0, len(states)] if whole else _edges(lengths.cumsum(0).tolist(), rows)
    return _apply(states, item_vectors, weights, targets, edges)


def _apply(
    states: Tensor,
    item_vectors: Tensor,
    weights: Tensor | None,
    targets: Tensor,
    edges: list[int],
) -> Tensor:
    if not torch.is_grad_enabled():
        states, item_vectors = states.detach(), item_vectors.detach()
        weights = None if weights is None else weights.detach()
    arguments = states, item_vectors, weights, targets, edges
    loss: Tensor = _FullSoftmax.apply(*arguments)  # type: ignore[no-untyped-call]
    return loss


def _rows_at_a_time(item_vectors: Tensor, states: Tensor) -> int:
    return rows_at_a_time(len(item_vectors) - 1, states.device.type)


def rows_at_a_time(n_items: int, device: str) -> int:
    """Return how many rows of scores a chunk has on a kind of device."""
    return max(ROWS, (CHUNK if device == "cpu" else CHUNK_OFF_CPU) // n_items)


def _edges(stops: Iterable[int], rows: int) -> list[int]:
    """Cut between sequences, which end at `stops`, into chunks of at most `rows`, or of one sequence."""
    edges, before = [0], 0
    for stop in stops:
        if stop - edges[-1] > rows and before > edges[-1]:
            edges.append(before)
        before = stop
    return [*edges, before]


class _FullSoftmax(torch.autograd.Function):
    """Computes the loss and, in the same pass over the chunks, its gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        item_vectors: Tensor,
        weights: Tensor | None,
        targets: Tensor,
        edges: list[int],
    ) -> Tensor:
        needed = any(ctx.needs_input_grad)
        loss, *gradients = _sum_chunks(
            states, item_vectors, weights, targets, edges, differentiate=needed
        )
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        states, item_vectors, weights = ctx.saved_tensors
        by_weights = None if weights is None else weights * gradient
        return states * gradient, item_vectors * gradient, by_weights, None, None


def _sum_chunks(
    states: Tensor,
    item_vectors: Tensor,
    weights: Tensor | None,
    targets: Tensor,
    edges: list[int],
    *,
    differentiate: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Compute the loss and its gradients by the three inputs (zeros unless asked for)."""
    kind = states.device.type
    fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
    candidates = item_vectors[1:].to(fast)  # (n_items, D)
    loss = states.new_zeros((), dtype=at_least_float32(states))
    state_gradient = torch.zeros_like(states)
    item_gradient = torch.zeros_like(item_vectors, dtype=loss.dtype)
    weight_gradient = None if weights is None else torch.zeros_like(weights)
    answered = _answered(targets, weights)  # (N, n)
    for start, stop in pairwise(edges):
        here = slice(start, stop)
        chunk, own = states[here].to(fast), answered[here]
        scores = (chunk @ candidates.T).to(loss.dtype)  # (rows, n_items)
        logs, softmax, total = _softmax_in_place(scores, own)
        part = _alone(logs) if weights is None else _mix(logs, weights[here], targets[here])
        loss += part.loss
        if differentiate:
            divisor = total / part.load
            softmax = softmax.scatter_add_(1, own, -(part.shares * total)).to(fast)
            state_gradient[here] = (softmax @ candidates) / divisor
            _add_product(item_gradient[1:], softmax.T, (chunk / divisor).to(fast))
            if weight_gradient is not None:
                weight_gradient[here] = part.by_weights
    return loss, state_gradient, item_gradient.to(item_vectors.dtype), weight_gradient


def _answered(targets: Tensor, weights: Tensor | None) -> Tensor:
    """Name the targets that each position answers for, its own first: (N,) -> (N, n) columns of scores."""
    if weights is None:
        return targets.unsqueeze(1) - 1
    n = weights.shape[1]
    return F.pad(targets - 1, (0, n - 1)).unfold(0, n, 1).clamp(min=0)  # 0 where no answer is due


def _softmax_in_place(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute log softmax at `own` (rows, n), and what divided by the totals is the softmax.

    The division is left to the products that follow, which are D wide instead of n_items.
    """
    own_scores, highest = scores.gather(1, own), scores.amax(dim=1, keepdim=True)
    softmax = scores.sub_(highest).exp_()
    total = softmax.sum(dim=1, keepdim=True)
    return own_scores - (total.log() + highest), softmax, total


class _Part(NamedTuple):
    """A chunk's loss, and what its gradients are made of.

    Attributes:
        loss: Scalar.
        load: (rows, 1) R_s.
        shares: (rows, n) r_{s+j,j} / R_s.
        by_weights: (rows, n) the gradient by the weights.
    """

    loss: Tensor
    load: Tensor | float
    shares: Tensor | float
    by_weights: Tensor | float


def _alone(logs: Tensor) -> _Part:
    """Let each position answer for its own target alone: `logs` (rows, 1)."""
    return _Part(-logs.sum(), load=1, shares=1, by_weights=0)


def _mix(logs: Tensor, weights: Tensor, targets: Tensor) -> _Part:
    """Mix the answers to each target: `logs` (rows, n) log q_s(target_{s+j}), whole sequences."""
    rows, n = logs.shape
    places, ages = (torch.arange(size, device=logs.device) for size in (rows, n))
    answering = (places.unsqueeze(1) - ages).clamp(min=0)  # (rows, n) position t-j
    logs = logs.gather(0, answering)  # log q_{t-j}(target_t)
    terms = weights.log() + logs  # -inf where there is no answer
    mixed = terms.logsumexp(dim=1, keepdim=True)  # (rows, 1) log p_t(target_t)
    asked = (targets > 0).unsqueeze(1)
    responsible = (terms - mixed).exp() * asked  # r_{t,j}
    responsible = torch.zeros_like(logs).scatter_add_(0, answering, responsible)  # r_{s+j,j}
    load = responsible.sum(dim=1, keepdim=True)
    return _Part(
        loss=-(mixed * asked).sum(),
        load=load,
        shares=responsible / load.clamp(min=torch.finfo(load.dtype).tiny),
        by_weights=-(logs - mixed).exp() * (asked & (weights > 0)),
    )


def _add_product(accumulator: Tensor, left: Tensor, right: Tensor) -> None:
    """Add left @ right to the accumulator, without a temporary where the precisions agree."""
    if accumulator.dtype == left.dtype:
        accumulator.addmm_(left, right)
    else:
        accumulator += left @ right


def at_least_float32(x: Tensor) -> torch.dtype:
    """Return float32, or the type of `x` if that is wider: sums are taken in it, under autocast too."""
    return torch.promote_types(x.dtype, torch.float32)
