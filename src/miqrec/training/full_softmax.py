r"""The full softmax in chunks: the loss and its gradients in one pass over positions and items.

The (N, n_items) scores never exist as a whole. Positions are computed in chunks, and each chunk adds its
part of the gradients at once, as in Liger's fused linear cross-entropy (arXiv 2410.10989). Backward only
scales the gradients, so there are no second derivatives. Under autocast the products are in its precision,
the softmax and the sums over chunks in float32.

Of a mixture of n answers, position t's loss is -log sum_j a_{t,j} q_{t-j}(target_t), j = 0..n-1, with q_s
the softmax of position s. Let r_{t,j}, the responsibility, be the share of term j in that sum, and the load
of position s be R_s = sum_j r_{s+j,j}. Then

    d loss / d score_s(i) = R_s q_s(i) - sum_j r_{s+j,j} [i = target_{s+j}]
    d loss / d a_{t,j} = -q_{t-j}(target_t) / sum_k a_{t,k} q_{t-k}(target_t)

Position s answers for the targets of its own and the next n - 1 positions, and their scores are among those
that its softmax needs. Its load is known n - 1 positions later, so a chunk hands the softmax of its last
n - 1 positions on to the next. So each position's scores and its normaliser are computed once, and chunks
have one size, which matters in bfloat16: a CPU compiles products anew for every shape.
"""

from typing import Any

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


def mixture_cross_entropy(
    states: Tensor, item_vectors: Tensor, weights: Tensor, targets: Tensor
) -> Tensor:
    """Sum the losses of a mixture over the positions that have a target.

    Args:
        states: (N, D), of sequences one after the other.
        item_vectors: (n_items + 1, D).
        weights: (N, n) a_{t,j}, the newest answer's first; 0 where a sequence has no such answer.
        targets: (N,), 0 at a position that answers for later ones only.
    """
    if not torch.is_grad_enabled():
        states, item_vectors, weights = states.detach(), item_vectors.detach(), weights.detach()
    arguments = states, item_vectors, weights, targets
    loss: Tensor = _FullSoftmax.apply(*arguments)  # type: ignore[no-untyped-call]
    return loss


def rows_at_a_time(n_items: int, device: str) -> int:
    """Return how many rows of scores a chunk has on a kind of device."""
    return max(ROWS, (CHUNK if device == "cpu" else CHUNK_OFF_CPU) // n_items)


class _FullSoftmax(torch.autograd.Function):
    """Computes the loss and, in the same pass over the chunks, its gradients."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, item_vectors: Tensor, weights: Tensor, targets: Tensor
    ) -> Tensor:
        needed = any(ctx.needs_input_grad)
        loss, *gradients = _sum_chunks(states, item_vectors, weights, targets, differentiate=needed)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        states, item_vectors, weights = ctx.saved_tensors
        return states * gradient, item_vectors * gradient, weights * gradient, None


def _sum_chunks(
    states: Tensor, item_vectors: Tensor, weights: Tensor, targets: Tensor, *, differentiate: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the loss and its gradients by the three inputs (zeros unless asked for)."""
    kind, (size, n) = states.device.type, weights.shape
    fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
    candidates = item_vectors[1:].to(fast)  # (n_items, D)
    loss = states.new_zeros((), dtype=at_least_float32(states))
    state_gradient = torch.zeros_like(states)
    item_gradient = torch.zeros_like(item_vectors, dtype=loss.dtype)
    answered, weight_gradient = _answered(targets, n), torch.zeros_like(weights)  # (N, n)
    logs, responsible = loss.new_zeros(2, size, n)  # log q_s(target_{s+j}) and r_{s+j,j}
    totals, held = loss.new_zeros(size, 1), loss.new_zeros(0, len(candidates))
    rows = rows_at_a_time(len(candidates), kind)
    for start in range(0, size, rows):
        chunk = slice(start, min(start + rows, size))
        softmax = _append_product(
            held, states[chunk].to(fast), candidates.T
        )  # (n - 1 + rows, n_items)
        logs[chunk], totals[chunk] = _softmax_in_place(softmax[len(held) :], answered[chunk])
        answering = _answering(chunk, n, states.device)
        mixed, shares, by_weights = _mix(logs.gather(0, answering), weights[chunk], targets[chunk])
        loss -= mixed.sum()
        if differentiate:
            weight_gradient[chunk] = by_weights
            responsible.scatter_add_(0, answering, shares)
            first, last = (
                start - len(held),
                chunk.stop if chunk.stop == size else chunk.stop - (n - 1),
            )
            known = slice(first, max(first, last))  # positions whose load is known
            softmax, held = softmax[: known.stop - first], softmax[known.stop - first :]
            load = responsible[known].sum(dim=1, keepdim=True)
            divisor = totals[known] / load
            parts = (
                responsible[known] / load.clamp(min=torch.finfo(load.dtype).tiny) * totals[known]
            )
            softmax = softmax.scatter_add_(1, answered[known], -parts).to(fast)
            state_gradient[known] = (softmax @ candidates) / divisor
            _add_product(item_gradient[1:], softmax.T, (states[known].to(fast) / divisor).to(fast))
    return loss, state_gradient, item_gradient.to(item_vectors.dtype), weight_gradient


def _answered(targets: Tensor, n: int) -> Tensor:
    """Name the targets that each position answers for, its own first: (N,) -> (N, n) columns of scores."""
    if n == 1:
        return targets.unsqueeze(1) - 1
    return F.pad(targets - 1, (0, n - 1)).unfold(0, n, 1).clamp(min=0)  # 0 where no answer is due


def _answering(chunk: slice, n: int, device: torch.device) -> Tensor:
    """Name the positions that answer to each target of a chunk, the newest first: (rows, n)."""
    places = torch.arange(chunk.start, chunk.stop, device=device).unsqueeze(1)
    return (places - torch.arange(n, device=device)).clamp(min=0)


def _append_product(held: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Compute the rows of left @ right, behind those that are held."""
    rows = held.new_empty(len(held) + len(left), held.shape[1])
    rows[: len(held)] = held
    if rows.dtype == left.dtype:
        torch.mm(left, right, out=rows[len(held) :])
    else:
        rows[len(held) :] = left @ right
    return rows


def _softmax_in_place(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """Turn scores into what divided by the totals is their softmax; return its logs at `own`, and the totals.

    The division is left to the products that follow, which are D wide instead of n_items.
    """
    own_scores, highest = scores.gather(1, own), scores.amax(dim=1, keepdim=True)
    total = scores.sub_(highest).exp_().sum(dim=1, keepdim=True)
    return own_scores - (total.log() + highest), total


def _mix(logs: Tensor, weights: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mix the answers to each target: `logs` (rows, n) are log q_{t-j}(target_t).

    Returns:
        log p_t(target_t) (rows, 1), responsibilities (rows, n) and the gradient by the weights (rows, n);
        0 where no target is.
    """
    asked = (targets > 0).unsqueeze(1)
    terms = weights.log() + logs  # -inf where there is no answer
    mixed = terms.logsumexp(dim=1, keepdim=True)
    by_weights = -(logs - mixed).exp() * (asked & (weights > 0))
    return mixed * asked, (terms - mixed).exp() * asked, by_weights


def _add_product(accumulator: Tensor, left: Tensor, right: Tensor) -> None:
    """Add left @ right to the accumulator, without a temporary where the precisions agree."""
    if accumulator.dtype == left.dtype:
        accumulator.addmm_(left, right)
    else:
        accumulator += left @ right


def at_least_float32(x: Tensor) -> torch.dtype:
    """Return float32, or the type of `x` if that is wider: sums are taken in it, under autocast too."""
    return torch.promote_types(x.dtype, torch.float32)
