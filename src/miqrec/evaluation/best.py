"""The best items after each history: the one way by which lists are made, in files and in the service.

Of a small catalogue all scores are held at once. A large one is gone through in blocks of items, so that
memory doesn't grow with histories times items and the scores of a block stay in the processor's cache.
An approximate index may propose the candidates instead; lists with a filter are always exact.
"""

from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import torch
from torch import Tensor

from miqrec.evaluation.blocks import Answers, answers_of, best_in_blocks
from miqrec.evaluation.candidates import best_of_candidates
from miqrec.evaluation.probabilities import log_probabilities
from miqrec.evaluation.ranking import EXCLUDED, best_columns, check_k, top_k
from miqrec.evaluation.scoring import Pairs, check_mix, score_items
from miqrec.models.encoder import Encoder
from miqrec.models.protocol import Learner, Model

if TYPE_CHECKING:
    from miqrec.evaluation.index import ItemIndex
    from miqrec.evaluation.top_lists import ListRequest

LARGE = 2**16
"""From this many items on the catalogue is gone through in blocks."""


class Best(NamedTuple):
    """The k best items of each row, best first, ties by smaller id."""

    values: Tensor  # (B, k) float32; -inf where a row has fewer candidates
    items: Tensor  # (B, k) int64; 0 there
    probabilities: (
        Tensor | None
    )  # (B, k), if the request wants them; without meaning for empty histories


@torch.no_grad()
def best_items(
    request: "ListRequest",
    items: Tensor,
    lengths: Tensor,
    seen: Pairs,
    allowed: Tensor | None = None,
) -> Best:
    """Find the best items after each history.

    Args:
        request: the model, and the length k of the lists.
        items: (B, L) internal ids, padded with 0 on the right.
        lengths: (B,) how many of each row are valid; popularity answers where it is 0.
        seen: rows and items of what was seen, which `inference.exclude_seen` leaves out. Probabilities, and
            the softmaxes of a mixture, are over the others.
        allowed: which items a list may hold, (n_items + 1,) or (B, n_items + 1) bool; all if not given.

    Raises:
        MiqrecError: k is larger than the catalogue, a score is NaN or infinite, or the model doesn't have
            the answers that are to be mixed.
    """
    model, inference = request.model, request.inference
    check_k(request.k, len(request.popularity) - 1)
    check_mix(model, inference)
    if scores_by_products(model) and (request.item_index or len(request.popularity) > LARGE):
        seen = seen if inference.exclude_seen else (seen[0][:0], seen[1][:0])
        answers = answers_of(model, items, lengths, request.popularity, inference)
        return _best_by_products(request, answers, seen, allowed)
    scores = score_items(model, items, lengths, request.popularity, inference, seen)
    logs = log_probabilities(scores, model, inference) if request.with_probability else None
    if allowed is not None:
        scores.masked_fill_(~allowed, EXCLUDED)
    values, best = top_k(scores, request.k)
    return Best(values, best, None if logs is None else logs.gather(1, best).exp())


def _best_by_products(
    request: "ListRequest", answers: Answers, seen: Pairs, allowed: Tensor | None
) -> Best:
    """Ask the index if there is one, and go through the catalogue for lists that it can't fill."""
    wanted = request.with_probability
    if request.item_index is None or allowed is not None:
        return Best(
            *best_in_blocks(answers, seen, request.k, allowed=allowed, with_probability=wanted)
        )
    found = _proposed(request, request.item_index, answers, seen)
    best = Best(*best_of_candidates(answers, found, seen, request.k, with_probability=wanted))
    short = (best.items == 0).any(1)
    if short.any():
        rows, kept = short.nonzero().squeeze(1), short[seen[0]]
        theirs = (short.cumsum(0) - 1)[seen[0][kept]], seen[1][kept]
        answers = answers.of_rows(rows)
        exact = best_in_blocks(answers, theirs, request.k, with_probability=wanted)
        for some, all_of_it in zip(exact, best, strict=True):
            if some is not None and all_of_it is not None:
                all_of_it[rows] = some
    return best


def _proposed(request: "ListRequest", index: "ItemIndex", answers: Answers, seen: Pairs) -> Tensor:
    """Propose twice as many candidates as a list has, besides what was seen: (n, B, c)."""
    n, B, _ = answers.states.shape
    most_seen = int(torch.bincount(seen[0]).max()) if len(seen[0]) else 0
    c = min(2 * request.k + most_seen, len(request.popularity) - 1)
    found = index.propose(answers.states.flatten(0, 1), c).view(n, B, c)
    if answers.empty.any():
        found[:, answers.empty] = 1 + best_columns(answers.popularity[None, 1:], c)[1]
    return found


def scores_by_products(model: Model) -> TypeGuard[Learner]:
    """Whether a model's scores are the products of its newest state with the items' vectors."""
    return isinstance(model, Encoder) and type(model).scores is Encoder.scores
