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

Where target t counts for w_t, its terms are multiplied by w_t, and so are its responsibilities.

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


def cross_entropy(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    """Sum the losses of the positions that have a target.

    Args:
        states: (N, D), of sequences one after the other.
        item_vectors: (n_items + 1, D).
        targets: (N,); with weights 0 at a position that answers for later ones only.
        weights: (N, n) a_{t,j}, the newest answer's first, 0 where a sequence has no such answer; None
            where each position answers alone.
        weight: (N,) what each target's loss is multiplied by; None for 1.
    """
    if not torch.is_grad_enabled():
        states, item_vectors = states.detach(), item_vectors.detach()
        weights = None if weights is None else weights.detach()
    arguments = states, item_vectors, targets, weights, weight
    loss: Tensor = _FullSoftmax.apply(*arguments)  # type: ignore[no-untyped-call]
    return loss


def rows_at_a_time(n_items: int, device: str) -> int:
    """Return how many rows of scores a chunk has on a kind of device."""
    return max(ROWS, (CHUNK if device == "cpu" else CHUNK_OFF_CPU) // n_items)


class _FullSoftmax(torch.autograd.Function):
    """Computes the loss and, in the same pass over the chunks, its gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        item_vectors: Tensor,
        targets: Tensor,
        weights: Tensor | None,
        weight: Tensor | None,
    ) -> Tensor:
        answers: _Alone | _Mixed = _Alone(targets, weight)
        if weights is not None:
            answers = _Mixed(targets, weights, weight)
        needed = any(ctx.needs_input_grad)
        loss, *gradients = _sum_chunks(states, item_vectors, answers, differentiate=needed)
        ctx.save_for_backward(*gradients, answers.weight_gradient)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        states, item_vectors, weights = ctx.saved_tensors
        by_weights = None if weights is None else weights * gradient
        return states * gradient, item_vectors * gradient, None, by_weights, None


def _sum_chunks(
    states: Tensor, item_vectors: Tensor, answers: "_Alone | _Mixed", *, differentiate: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the loss and its gradients by states and items (zeros unless asked for)."""
    kind, size = states.device.type, len(states)
    fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
    candidates = item_vectors[1:].to(fast)  # (n_items, D)
    loss = states.new_zeros((), dtype=at_least_float32(states))
    state_gradient = torch.zeros_like(states)
    item_gradient = torch.zeros_like(item_vectors, dtype=loss.dtype)
    totals, held = loss.new_zeros(size, 1), loss.new_zeros(0, len(candidates))
    rows = rows_at_a_time(len(candidates), kind)
    for start in range(0, size, rows):
        chunk = slice(start, min(start + rows, size))
        softmax = _append_product(held, states[chunk].to(fast), candidates.T)  # behind what is held
        logs, totals[chunk] = _softmax_in_place(softmax[len(held) :], answers.own[chunk])
        loss -= answers.add(chunk, logs)
        if differentiate:
            first = start - len(held)
            waiting = 0 if chunk.stop == size else answers.n - 1  # for the answers to later targets
            known = slice(first, max(first, chunk.stop - waiting))
            softmax, held = softmax[: known.stop - first], softmax[known.stop - first :]
            load, shares = answers.loads(known)
            divisor = totals[known] / load
            softmax.scatter_add_(1, answers.own[known], -(shares * totals[known]))
            softmax = softmax.to(fast)
            state_gradient[known] = (softmax @ candidates) / divisor
            _add_product(item_gradient[1:], softmax.T, (states[known].to(fast) / divisor).to(fast))
    return loss, state_gradient, item_gradient.to(item_vectors.dtype)


class _Alone:
    """Each position answers to its own target alone.

    Attributes:
        n: How many targets a position answers to.
        own: (N, n) the columns of scores that belong to these targets, its own first.
        weight_gradient: What the answers' weights get.
    """

    def __init__(self, targets: Tensor, weight: Tensor | None) -> None:
        self.n = 1
        self.weight = None if weight is None else weight.unsqueeze(1)  # (N, 1)
        self.own = targets.unsqueeze(1) - 1
        self.weight_gradient: Tensor | None = None

    def add(self, chunk: slice, logs: Tensor) -> Tensor:
        """Sum a chunk's log-likelihood, from the logs of its softmax at its own columns (rows, n)."""
        return logs.sum() if self.weight is None else (logs * self.weight[chunk]).sum()

    def loads(self, known: slice) -> tuple[Tensor | float, Tensor | float]:
        """Return R_s of positions whose load is known, (rows, 1), and r_{s+j,j} / R_s, (rows, n)."""
        return 1 if self.weight is None else self.weight[known], 1


class _Mixed:
    """The newest n positions answer to each target; members are those of `_Alone`."""

    def __init__(self, targets: Tensor, weights: Tensor, weight: Tensor | None) -> None:
        size, self.n = weights.shape
        self.own = F.pad(targets - 1, (0, self.n - 1)).unfold(0, self.n, 1).clamp(min=0)
        self.asked = (targets > 0).unsqueeze(1)
        if weight is not None:
            self.asked = self.asked * weight.unsqueeze(
                1
            )  # what each counts for, 0 if not asked for
        self.weights = weights
        self.weight_gradient = torch.zeros_like(weights)
        self.logs, self.responsible = torch.zeros(
            2, size, self.n, dtype=at_least_float32(weights), device=weights.device
        )  # log q_s(target_{s+j}) and r_{s+j,j}

    def add(self, chunk: slice, logs: Tensor) -> Tensor:
        """Mix the answers to a chunk's targets."""
        self.logs[chunk] = logs
        places, ages = (
            torch.arange(start, stop, device=logs.device)
            for start, stop in ((chunk.start, chunk.stop), (0, self.n))
        )
        answering = (places.unsqueeze(1) - ages).clamp(min=0)  # (rows, n) position t-j
        logs = self.logs.gather(0, answering)  # log q_{t-j}(target_t)
        weights, asked = self.weights[chunk], self.asked[chunk]
        terms = weights.log() + logs  # -inf where there is no answer
        mixed = terms.logsumexp(dim=1, keepdim=True)  # log p_t(target_t)
        self.responsible.scatter_add_(0, answering, (terms - mixed).exp() * asked)
        self.weight_gradient[chunk] = -(logs - mixed).exp() * (asked * (weights > 0))
        return (mixed * asked).sum()

    def loads(self, known: slice) -> tuple[Tensor, Tensor]:
        """Sum what each position is responsible for."""
        load = self.responsible[known].sum(dim=1, keepdim=True)
        return load, self.responsible[known] / load.clamp(min=torch.finfo(load.dtype).tiny)


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


def _add_product(accumulator: Tensor, left: Tensor, right: Tensor) -> None:
    """Add left @ right to the accumulator, without a temporary where the precisions agree."""
    if accumulator.dtype == left.dtype:
        accumulator.addmm_(left, right)
    else:
        accumulator += left @ right


def at_least_float32(x: Tensor) -> torch.dtype:
    """Return float32, or the type of `x` if that is wider: sums are taken in it, under autocast too."""
    return torch.promote_types(x.dtype, torch.float32)
