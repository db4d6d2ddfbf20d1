r"""The best items of a large catalogue, block by block.

Only the k best of what was gone through are kept. A late mixture (`miqrec.evaluation.mixture`) takes two
passes: one for the normaliser Z_j = log sum_i exp(h_j . e_i / temperature) of each answer, over the items
that are candidates, and one for log p(i) = log sum_j a_j exp(h_j . e_i / temperature - Z_j).
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.mixture import answer_shares
from miqrec.evaluation.ranking import EXCLUDED, best_columns, check_finite
from miqrec.evaluation.scoring import Pairs, answer_weights, n_answers
from miqrec.models.protocol import Learner
from miqrec.system.matmul import fast_products

SCORES = 2**22
"""Scores held at a time, 16 MiB."""
NARROWEST = 2**10
"""The fewest items of a block, however many histories there are."""


class Answers(NamedTuple):
    """What the items are scored by.

    Attributes:
        states: (n, B, D) of the answers, the newest first.
        shares: (n, B) the weights of the answers.
        empty: (B,) whether a history is empty, so that popularity answers.
    """

    states: Tensor
    shares: Tensor
    vectors: Tensor
    popularity: Tensor
    empty: Tensor
    temperature: float

    def products(self, block: slice) -> Tensor:
        """Score a block of items by each answer: (n, B, b).

        Raises:
            MiqrecError: a score is NaN or infinite.
        """
        n, B, _ = self.states.shape
        scores = self.states.flatten(0, 1) @ self.vectors[block].T
        check_finite(scores)
        return scores.view(n, B, -1)

    def of_rows(self, rows: Tensor) -> "Answers":
        """Keep some of the rows, (n,) their places."""
        return self._replace(
            states=self.states[:, rows], shares=self.shares[:, rows], empty=self.empty[rows]
        )

    def blocks(self) -> Iterator[slice]:
        """Cut the catalogue, padding included."""
        size = max(SCORES // max(self.states.shape[0] * self.states.shape[1], 1), NARROWEST)
        for first in range(0, len(self.vectors), size):
            yield slice(first, min(first + size, len(self.vectors)))


def answers_of(
    model: Learner, items: Tensor, lengths: Tensor, popularity: Tensor, inference: InferenceConfig
) -> Answers:
    """Encode histories (B, L), of which popularity answers those of length 0."""
    known = lengths.clamp(min=1)
    n = n_answers(model, inference)
    states = model.last(items, known, n).float()  # (B, n, D)
    valid = known.clamp(max=model.max_length)
    weights = answer_weights(model, states, valid, inference) if n > 1 else states.new_ones(1)
    shares = answer_shares(weights, valid, n)  # (B, n)
    return Answers(
        states.transpose(0, 1).contiguous(),
        shares.T,
        model.item_vectors().float(),
        popularity.to(states.device),
        lengths == 0,
        inference.temperature,
    )


def best_in_blocks(
    answers: Answers,
    seen: Pairs,
    k: int,
    *,
    allowed: Tensor | None = None,
    with_probability: bool = False,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Find the k best items of each row.

    Args:
        answers: What the items are scored by.
        seen: Rows and items to leave out.
        k: The length of the lists.
        allowed: Which items a list may hold, (n_items + 1,) or (B, n_items + 1).
        with_probability: Whether probabilities are wanted.

    Returns:
        Values, items and, if they are wanted, probabilities, (B, k) each, as `miqrec.evaluation.Best` has
        them.
    """
    by_item = seen[1].argsort()
    seen = seen[0][by_item], seen[1][by_item]
    device, mixes = answers.states.device, len(answers.states) > 1
    with torch.autocast(device.type, enabled=False), fast_products(device):
        logs = _normalisers(answers, seen) if mixes or with_probability else None  # (n, B, 1)
        values, best = _best(answers, seen, k, allowed, logs if mixes else None)
    probabilities = None
    if with_probability and logs is not None:
        probabilities = (values if mixes else values / answers.temperature - logs[0]).exp()
    return values, best.masked_fill(values == EXCLUDED, 0), probabilities


def _normalisers(answers: Answers, seen: Pairs) -> Tensor:
    """Compute Z of each answer, (n, B, 1), by adding up block by block."""
    n, B, _ = answers.states.shape
    total = answers.states.new_full((n, B, 1), EXCLUDED)
    for block in answers.blocks():
        scores = answers.products(block).div_(answers.temperature)
        for of_one in scores:
            _leave_out(of_one, seen, block)
        total = torch.logaddexp(total, scores.logsumexp(2, keepdim=True))
    return total.clamp(min=torch.finfo(total.dtype).min)  # of a row without candidates


def _best(
    answers: Answers, seen: Pairs, k: int, allowed: Tensor | None, logs: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Keep the k best of all blocks; earlier ones have the smaller ids, so they come first among equals."""
    rows = answers.states.shape[1]
    values = answers.states.new_full((rows, k), EXCLUDED)
    best = torch.zeros(rows, k, dtype=torch.int64, device=values.device)
    for block in answers.blocks():
        scores = _mixed(answers, block, logs)  # (B, b)
        scores[answers.empty] = answers.popularity[block]
        _leave_out(scores, seen, block)
        if allowed is not None:
            scores.masked_fill_(~allowed[..., block], EXCLUDED)
        found, columns = best_columns(scores, min(k, scores.shape[1]))
        values, order = torch.cat([values, found], 1).sort(dim=1, descending=True, stable=True)
        values = values[:, :k]
        best = torch.cat([best, columns + block.start], 1).gather(1, order[:, :k])
    return values, best


def _mixed(answers: Answers, block: slice, logs: Tensor | None) -> Tensor:
    """Score a block: by its products, or by log p where several answers are mixed."""
    scores = answers.products(block)
    if logs is None:
        return scores[0]
    scores.div_(answers.temperature).sub_(logs).add_(answers.shares.log().unsqueeze(2))
    return scores.logsumexp(0)


def _leave_out(scores: Tensor, seen: Pairs, block: slice) -> None:
    """Set padding and what was seen to -inf, where it stands in this block; `seen` is in order of items."""
    rows, items = seen
    edges = torch.tensor([block.start, block.stop], device=items.device)
    first, last = torch.searchsorted(items, edges).tolist()
    scores[rows[first:last], items[first:last] - block.start] = EXCLUDED
    if block.start == 0:
        scores[:, 0] = EXCLUDED
