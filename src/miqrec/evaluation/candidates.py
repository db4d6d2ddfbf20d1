r"""The best of the items that an index proposes.

Each answer has candidates of its own; all of them are scored by all answers. The products are exact. A
mixture needs each answer's normaliser too, which would take a pass over all items: it is estimated as

    sum over candidates of [s_i >= c] exp(s_i) + n_items * mean over a sample of [s_i < c] exp(s_i)

with c the lowest score among the answer's own candidates, which hold about all items above it. Seen items
below c are too few to matter.
"""

import torch
from torch import Tensor

from miqrec.evaluation.blocks import Answers
from miqrec.evaluation.ranking import EXCLUDED, best_columns
from miqrec.evaluation.scoring import Pairs

SAMPLE = 2**14
"""Items by which what lies below all candidates is estimated."""


def best_of_candidates(
    answers: Answers, proposed: Tensor, seen: Pairs, k: int, *, with_probability: bool = False
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Find the k best items of each row among its candidates.

    Args:
        answers: What items are scored by.
        proposed: (n, B, c) the items proposed for each answer; 0 where there are fewer.
        seen: Rows and items to leave out.
        k: The length of the lists, at most n * c.
        with_probability: Whether probabilities are wanted.

    Returns:
        Values, items and, if they are wanted, probabilities, (B, k) each, as `best_in_blocks` does.
    """
    ids = proposed.transpose(0, 1).flatten(1).sort(1).values  # (B, n * c)
    products = torch.einsum("nbd,bcd->nbc", answers.states, answers.vectors[ids])
    left_out = _left_out(ids, seen)
    logs = None
    if len(products) > 1 or with_probability:
        logs = _estimated_normalisers(answers, proposed, products, left_out)
    scores = products[0]
    if len(products) > 1 and logs is not None:
        logits = products / answers.temperature - logs + answers.shares.log().unsqueeze(2)
        scores = logits.logsumexp(0)
    scores = torch.where(answers.empty.unsqueeze(1), answers.popularity[ids], scores)
    values, places = best_columns(scores.masked_fill(left_out, EXCLUDED), k)
    best = ids.gather(1, places).masked_fill(values == EXCLUDED, 0)
    if logs is None or not with_probability:
        return values, best, None
    log_p = values if len(products) > 1 else values / answers.temperature - logs[0]
    return values, best, log_p.exp()


def _left_out(ids: Tensor, seen: Pairs) -> Tensor:
    """Mark what is no candidate among ids (B, c) in rising order: 0, repetitions, and what was seen."""
    left_out = ids == 0
    left_out[:, 1:] |= ids[:, 1:] == ids[:, :-1]
    rows, items = seen
    width = ids.max() + 2  # so that rows, one behind the other, are in rising order as a whole
    keys = (ids + torch.arange(len(ids), device=ids.device).unsqueeze(1) * width).flatten()
    wanted = rows * width + items.clamp(max=int(width) - 1)
    places = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    found = keys[places] == wanted
    left_out.view(-1)[places[found]] = True
    return left_out


def _estimated_normalisers(
    answers: Answers, proposed: Tensor, products: Tensor, left_out: Tensor
) -> Tensor:
    """Estimate Z of each answer: (n, B, 1)."""
    own = torch.einsum("nbd,nbcd->nbc", answers.states, answers.vectors[proposed])
    lowest = own.masked_fill(proposed == 0, torch.inf).amin(2, keepdim=True)  # c, (n, B, 1)
    is_below = (products < lowest) | left_out
    head = (products / answers.temperature).masked_fill(is_below, EXCLUDED)
    n_items = len(answers.vectors) - 1
    sample = _sample(n_items, products.device)
    below = answers.states @ answers.vectors[sample].T  # (n, B, SAMPLE)
    tail = (below / answers.temperature).masked_fill(below >= lowest, EXCLUDED)
    tail += torch.log(torch.tensor(n_items / len(sample)))
    total = torch.cat([head, tail], 2).logsumexp(2, keepdim=True)
    return total.clamp(min=torch.finfo(total.dtype).min)


def _sample(n_items: int, device: torch.device) -> Tensor:
    """Draw items, the same each time: (SAMPLE,), or all of a smaller catalogue."""
    generator = torch.Generator().manual_seed(0)
    return (torch.randperm(n_items, generator=generator)[:SAMPLE] + 1).to(device)
