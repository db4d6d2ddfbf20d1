"""An approximate index of a large catalogue: it proposes candidates, which are then scored by their products.

Items are in cells around centres, and only the cells whose centres suit a state best are looked into, by
vectors of 8 bits a number (the inverted file of faiss; Jégou et al., 2011). How much of the exact lists is
found is measured on histories, and so many cells are looked into that it is `WANTED`.
"""

import logging
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from miqrec.data.batches.pieces import Integers
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError
from miqrec.evaluation.best import scores_by_products
from miqrec.evaluation.top_lists import ListRequest, best_after
from miqrec.system.optional import optional

WANTED = 0.99
"""The share of the exact lists that is to be found."""
FILLED = 4
"""How many times the candidates that are asked for are in the cells that are looked into, at least."""
HISTORIES = 256
"""How many histories it is measured on."""

_log = logging.getLogger("miqrec")


class ItemIndex:
    """An index of items by their vectors.

    Args:
        vectors: (n_items + 1, D), row 0 belonging to padding.

    Attributes:
        n_items: How many items there are.
        n_cells: How many cells there are.
        probes: How many of them are looked into for a state.
    """

    def __init__(self, vectors: Tensor) -> None:
        faiss: Any = optional("faiss", "index")
        items = vectors[1:].detach().float().cpu().numpy()
        self.n_items, self.n_cells = len(items), _n_cells(len(items))
        centres = faiss.IndexFlatIP(items.shape[1])
        kind, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        self._cells = faiss.IndexIVFScalarQuantizer(
            centres, items.shape[1], self.n_cells, kind, metric
        )
        self._cells.own_fields, self._centres = False, centres  # which Python keeps alive
        clustering = self._cells.cp
        clustering.niter, clustering.max_points_per_centroid = 5, 64  # enough, and quick
        clustering.min_points_per_centroid = 1  # of fewer it would warn on standard error
        self._cells.train(items)
        self._cells.add(items)
        self.probes = 1

    def cells_of(self, n: int) -> int:
        """Count the cells that have n items on average."""
        return max(math.ceil(n * self.n_cells / self.n_items), 1)

    def propose(self, states: Tensor, n: int) -> Tensor:
        """Propose n items for each state, best first: (Q, D) -> (Q, n) ids, 0 where there are fewer."""
        self._cells.nprobe = self.probes
        _, found = self._cells.search(states.float().cpu().numpy(), n)
        return torch.from_numpy(found + 1).to(states.device)  # faiss says -1 where there is none


def with_index(
    request: ListRequest, histories: Histories, device: torch.device | str = "cpu"
) -> ListRequest:
    """Have an index propose the candidates of lists, and report how much of exact lists it finds.

    Args:
        request: Whose model's items are indexed.
        histories: Such as the lists will be for; some of them are tried.
        device: Where to compute.

    Raises:
        MiqrecError: The model's scores are no products, or faiss is not installed.
    """
    model = request.model.eval().to(device)
    if not scores_by_products(model):
        raise MiqrecError(
            f"{type(model).__name__} doesn't score items by products of vectors, so there is nothing to "
            "index; leave the index out"
        )
    index = ItemIndex(model.item_vectors())
    indexed, rows = request._replace(item_index=index), _some(histories)
    longest = int(histories.lengths[rows].max())
    index.probes = min(index.cells_of(FILLED * (2 * request.k + longest)), index.n_cells)
    exact = best_after(request, histories, rows).items
    recall = _recall(best_after(indexed, histories, rows).items, exact)
    while recall < WANTED and index.probes < index.n_cells:
        index.probes = min(2 * index.probes, index.n_cells)
        recall = _recall(best_after(indexed, histories, rows).items, exact)
    _log.info(
        "index of %s items: %s of %s cells are looked into, which finds %.2f %% of the exact top %s of %s "
        "histories",
        *(f"{histories.n_items:,}", f"{index.probes:,}", f"{index.n_cells:,}"),
        *(100 * recall, request.k, len(exact)),
    )
    return indexed


def made_up_histories(counts: Integers, length: int) -> Histories:
    """Draw histories from the items' popularity, where there are no others to try an index on.

    Args:
        counts: (n_items,) how often each item was interacted with.
        length: The items of each history.
    """
    shares = (counts + 1) / (counts + 1).sum()
    items = np.random.default_rng(0).choice(len(counts), HISTORIES * length, p=shares) + 1
    starts = np.arange(HISTORIES) * length
    flat = items.astype(np.int32)
    return Histories(flat, np.arange(HISTORIES), starts, starts + length, len(counts), HISTORIES)


def _n_cells(n_items: int) -> int:
    """Choose 2 sqrt(n) cells, and no more than have 39 items each to find a centre by.

    faiss advises twice as many and more; to build those takes twice as long, and to look into more cells
    takes little.
    """
    return max(min(int(2 * math.sqrt(n_items)), n_items // 39), 1)


def _some(histories: Histories) -> Integers:
    """Choose some of the histories that aren't empty."""
    known = np.flatnonzero(histories.lengths)
    if len(known) == 0:
        raise MiqrecError("no history has a known item, so there is nothing to try an index on")
    return known[np.linspace(0, len(known) - 1, min(HISTORIES, len(known))).astype(np.int64)]


def _recall(found: Tensor, exact: Tensor) -> float:
    """Compute the share of the exact lists (B, k) that is found, whatever its places."""
    hits = (exact.unsqueeze(2) == found.unsqueeze(1)).any(2) & (exact > 0)
    return float(hits.sum() / (exact > 0).sum().clamp(min=1))
