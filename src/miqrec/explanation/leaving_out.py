r"""Which items of a history count for a recommended item: each is left out of the history in turn.

With h = i_1..i_t a history, h \ s the same history without its item at s, and C the candidates of h, which
are the items that a list after h may hold,

    influence_s(i) = log p(i | h) - log p(i | h \ s),      p = softmax over C of the scores

An influence of log 2 = .69 says that the item at s makes i twice as likely; a negative one says that i
would be more likely without it. The scores are those by which lists are made (`miqrec.evaluation.scoring`),
so a late mixture is explained as a whole. Models that only count have no probabilities: there the
influence is the difference of the scores themselves.

Two choices decide what "without" means:

- *Positions move.* The history is read as if the interaction had never been: the items before it come one
  position nearer to the newest, and where the history is longer than the model reads, one more item comes
  into its sight. Nothing stands in the gap, since training has shown the model no gaps.
- *The candidates stay.* An item that is left out isn't recommended in its own place, and the softmaxes of a
  mixture run over the same items as before.

All copies of the history are scored together; nothing is approximated. Influences don't add up to the score:
two items that say the same may each have an influence of 0.
"""

from collections.abc import Iterator

import polars as pl
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from miqrec.errors import MiqrecError
from miqrec.evaluation.probabilities import log_probabilities
from miqrec.evaluation.ranking import top_k
from miqrec.evaluation.scoring import score_items
from miqrec.evaluation.top_lists import ListRequest
from miqrec.models.protocol import learns

CELLS = 2**25
"""Scores held at a time, 128 MiB: up to 100,000 items, all copies of a history of 300 are one batch."""


@torch.inference_mode()
def leave_one_out(
    request: ListRequest, history: Tensor, items: Tensor | None = None, seen: Tensor | None = None
) -> pl.DataFrame:
    """Measure how much each item that the model reads counts for each recommended item.

    Args:
        request: the model in eval mode, the popularity of items, how the model is used, and, where no `items`
            are given, the length k of the list whose items are explained.
        history: (t,) internal ids, oldest first, on the model's device.
        items: (k,) internal ids to explain; each must be a candidate.
        seen: (n,) internal ids that lists leave out if seen items are left out; by default the history.

    Returns:
        a frame in the order of `rank`, then of falling influence: `id` (the explained item), `rank` (its
        place in the list, from 1), `because` (the history's item), `position` (how many items came after
        that one, 0 for the newest), `influence`, and `rank_without`, the explained item's place in the list
        without the history's item. Where nothing is left of the history popularity answers; its scores
        can't be compared with the model's, so the influence is null there.

    Raises:
        MiqrecError: the history is empty, an item is no candidate, or as `score_items`.
    """
    if len(history) == 0:
        raise MiqrecError(
            "the history has no item that the model knows, so popularity answers and nothing explains it"
        )
    left_out = history if seen is None else seen
    batches = _scored(request, *without_each(history, request.model.max_length), left_out)
    first = next(batches)
    explained = _explained(request, first[0], items)  # (k,)
    values, places = _read(request, first, explained)
    for scores in batches:
        more = _read(request, scores, explained)
        values, places = torch.cat([values, more[0]]), torch.cat([places, more[1]])
    influence = values[0] - values[1:]  # (n, k)
    if len(history) == 1:
        influence.fill_(torch.nan)
    return _frame(explained, places, history[-len(influence) :].flip(0), influence)


def without_each(history: Tensor, max_length: int) -> tuple[Tensor, Tensor]:
    """Copy a history, whole first, and then without each of the newest `max_length` items, newest first.

    Args:
        history: (t,) internal ids, oldest first.
        max_length: how many items the model reads.

    Returns:
        The copies (n + 1, L), n = min(t, max_length), cut to what the model reads and padded with 0 on the
        right, and their lengths (n + 1,).
    """
    read, within = history[-max_length:], history[-max_length - 1 :]
    gaps = len(within) - 1 - torch.arange(len(read), device=history.device)  # (n,), newest first
    places = torch.arange(len(within) - 1, device=history.device)
    copies = within[places + (places >= gaps.unsqueeze(1))]  # (n, L or L - 1)
    lengths = torch.tensor([len(read), *[len(within) - 1] * len(read)], device=history.device)
    return pad_sequence([read, *copies], batch_first=True), lengths


def _scored(
    request: ListRequest, copies: Tensor, lengths: Tensor, seen: Tensor
) -> Iterator[Tensor]:
    """Score the copies (n + 1, L), as many at a time as memory allows: (b, n_items + 1)."""
    rows = max(CELLS // len(request.popularity), 1)
    for start in range(0, len(copies), rows):
        items, known = copies[start : start + rows], lengths[start : start + rows]
        of_row = torch.arange(len(items), device=items.device).repeat_interleave(len(seen))
        pairs = of_row, seen.repeat(len(items))
        yield score_items(request.model, items, known, request.popularity, request.inference, pairs)


def _explained(request: ListRequest, scores: Tensor, items: Tensor | None) -> Tensor:
    """Take the items of the list, or those that are asked for, if it could hold them: (k,)."""
    if items is None:
        listed = top_k(scores.unsqueeze(0), request.k)[1].squeeze(0)
        return listed[listed > 0]
    if scores[items].isinf().any():
        raise MiqrecError(
            "an item that is left out of lists, as it is in the history, can't be explained; "
            "take it out, or have seen items recommended too (exclude_seen=False)"
        )
    return items


def _read(request: ListRequest, scores: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """Read what is compared, and the items' places in the lists: (b, k) each."""
    ids = torch.arange(scores.shape[1], device=scores.device)
    places = [
        1 + ((scores > own) | ((scores == own) & (ids < item))).sum(1)
        for item, own in ((item, scores[:, item, None]) for item in items.tolist())
    ]
    if learns(request.model):
        scores = log_probabilities(scores, request.model, request.inference)
    return scores[:, items], torch.stack(places, 1) if places else scores.new_zeros(len(scores), 0)


def _frame(items: Tensor, places: Tensor, because: Tensor, influence: Tensor) -> pl.DataFrame:
    """Write a row for each explained item and item of the history; places (n + 1, k), influence (n, k)."""
    n, k = influence.shape
    columns = {
        "id": items.repeat_interleave(n),
        "rank": places[0].repeat_interleave(n),
        "because": because.repeat(k),
        "position": torch.arange(n).repeat(k),
        "influence": influence.T.flatten(),
        "rank_without": places[1:].T.flatten(),
    }
    frame = pl.DataFrame({name: column.cpu().numpy() for name, column in columns.items()})
    order = ["rank", "influence", "position"]
    return frame.with_columns(pl.col("influence").fill_nan(None)).sort(
        order, descending=[False, True, False], nulls_last=True
    )
