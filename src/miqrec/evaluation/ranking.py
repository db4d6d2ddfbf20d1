"""Ranks and lists from scores; evaluation, serving and reports share these functions.

Scores are (B, n_items + 1) float32, column 0 belonging to padding. Excluded entries are -inf.
"""

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

EXCLUDED = float("-inf")

GROUP = 64
"""Columns whose highest entry is looked at first, where rows are wide."""
WIDE = 2**13
"""From this many columns on that is faster."""


def check_finite(scores: Tensor) -> None:
    """Refuse scores that cannot be ranked; call it before anything is excluded.

    Args:
        scores: (B, n_items + 1).

    Raises:
        MiqrecError: if a score is NaN or infinite; it says how many and names the first row.
    """
    if scores.numel() == 0 or torch.stack(scores.aminmax()).isfinite().all():  # NaN spreads to both
        return
    broken = ~scores.isfinite()
    row = int(broken.any(dim=1).nonzero()[0])
    raise MiqrecError(
        f"{int(broken.sum())} scores are NaN or infinite, the first of them in row {row} of the "
        "batch: lower the learning rate or clip gradients, and train again"
    )


def exclude(scores: Tensor, rows: Tensor, items: Tensor) -> None:
    """Set `scores[rows, items]` and the padding column to -inf, in place.

    Args:
        scores: (B, n_items + 1), overwritten.
        rows: (n,) row of each pair.
        items: (n,) item to exclude from that row; pairs may repeat.
    """
    scores[rows, items] = EXCLUDED
    scores[:, 0] = EXCLUDED


def ranks(scores: Tensor, targets: Tensor, seen: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Rank of each row's target: 1 + the number of other items that score higher or equal.

    Ties count against the target, so a model that scores all items alike gets no credit. A target
    is ranked even if it is among the seen.

    Args:
        scores: (B, n_items + 1), finite; used up as working memory.
        targets: (B,) item ids >= 1.
        seen: flat pairs (rows, items) to leave out, as for `exclude`.

    Returns:
        (B,) int64.

    Raises:
        MiqrecError: if a score is NaN or infinite.
    """
    check_finite(scores)
    target_scores = scores.gather(1, targets.unsqueeze(1))  # (B, 1)
    if seen is not None:
        exclude(scores, *seen)
    return _ranks(scores, targets, target_scores)


def candidate_ranks(scores: Tensor, targets: Tensor) -> Tensor:
    """Rank each row's target as `ranks` does, where `scores` are -inf already for what is left out.

    Args:
        scores: (B, n_items + 1), finite or -inf; used up as working memory.
        targets: (B,) item ids; one that is left out comes behind all items.
    """
    return _ranks(scores, targets, scores.gather(1, targets.unsqueeze(1)))


def _ranks(scores: Tensor, targets: Tensor, target_scores: Tensor) -> Tensor:
    scores[:, 0] = EXCLUDED
    scores.scatter_(1, targets.unsqueeze(1), EXCLUDED)
    better = scores.ge_(target_scores).sum(
        dim=1
    )  # in floats, exact below 2^24, as bools sum slowly
    return 1 + better.long()


def top_k(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Find the k best items of each row, best first, ties by smaller id.

    Args:
        scores: (B, n_items + 1), already excluded where need be.
        k: length of the lists, 1..n_items.

    Returns:
        values (B, k) and items (B, k) int64. A row with fewer than k candidates ends in item 0
        with score -inf.

    Raises:
        MiqrecError: if k is below 1 or above the number of items.
    """
    check_k(k, scores.shape[1] - 1)
    values, items = best_columns(scores, k)
    return values, items.masked_fill(values == EXCLUDED, 0)


def check_k(k: int, n_items: int) -> None:
    """See that lists of k items can be made of a catalogue.

    Raises:
        MiqrecError: if k is below 1 or above the number of items.
    """
    if not 1 <= k <= n_items:
        raise MiqrecError(
            f"k is {k}, but the catalogue has {n_items} items: ask for 1 to {n_items}"
        )


def best_columns(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Find the k highest entries of each row and their columns, ties by smaller column: (B, k) each.

    Of wide rows the highest entry of each group of columns is looked at first. The k groups whose highest
    entries are best hold the k best entries: whatever is in another group has k better ones before it.
    Of a million columns this takes a fiftieth of the time.
    """
    n_groups = scores.shape[1] // GROUP
    if scores.shape[1] < WIDE or n_groups <= k:
        return _sorted_best(scores, k)
    grouped = scores[:, : n_groups * GROUP].reshape(len(scores), n_groups, GROUP)
    _, groups = best_columns(grouped.amax(2), k)
    steps = torch.arange(GROUP, device=scores.device)
    columns = (groups.sort(1).values.unsqueeze(2) * GROUP + steps).flatten(1)  # (B, k * GROUP)
    rest = torch.arange(n_groups * GROUP, scores.shape[1], device=scores.device)
    columns = torch.cat([columns, rest.expand(len(scores), -1)], 1)  # from left to right
    values, places = _sorted_best(scores.gather(1, columns), k)
    return values, columns.gather(1, places)


def _sorted_best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Do what `best_columns` does by looking at all entries."""
    if k == scores.shape[1]:
        values, columns = scores.sort(dim=1, descending=True, stable=True)
        return values, columns
    values, columns = scores.topk(k + 1, dim=1)  # (B, k + 1), one more to see ties at the boundary
    tied = (values[:, k] == values[:, k - 1]) & (values[:, k] > EXCLUDED)
    values, columns = _by_id_within_ties(values[:, :k], columns[:, :k])
    if tied.any():  # topk chose among equals as it liked
        ordered = scores[tied].sort(dim=1, descending=True, stable=True)
        values[tied], columns[tied] = ordered.values[:, :k], ordered.indices[:, :k]
    return values, columns


def _by_id_within_ties(values: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """Order (B, k) lists by falling value, then by rising id."""
    items, by_id = items.sort(dim=1)
    values, by_value = values.gather(1, by_id).sort(dim=1, descending=True, stable=True)
    return values, items.gather(1, by_value)
