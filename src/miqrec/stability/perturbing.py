"""Histories with noise: what becomes of a list when a click is added, replaced, dropped or moved.

A perturbation changes the histories of questions and nothing else: users, targets and the order of the
questions stay. The noise is drawn from (seed, user, draw), so that it is the same for all systems. An item
that is added is never one that the user has had, and never the target.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from miqrec.data.batches.slicing import slices
from miqrec.data.histories import Integers, Questions
from miqrec.stability.draws import Numbers, uniforms, unseen_items
from miqrec.stability.perturbations import Kind, Perturbation

ITEM, PLACE = 0, 1
"""Steps of the random stream: which item is added, and where something happens."""


def perturb(
    questions: Questions, perturbation: Perturbation, counts: Integers, *, seed: int, draw: int
) -> Questions:
    """Return the questions, in their order, with noise in their histories.

    A history that is too short to be changed stays as it is: an empty one where something is replaced or
    dropped, one of a single item where two are swapped. One whose only item is dropped becomes empty. The
    kinds of the events are left out, since the clean histories decide what a list may hold.

    Args:
        questions: k of them, with clean histories.
        perturbation: what is done.
        counts: (n_items,) how often each item occurs in training, by which popular ones are drawn.
        seed: the seed of the noise.
        draw: which repetition, from 0.

    Raises:
        MiqrecError: there is no item left that could be added to a history.
    """
    rows = np.repeat(np.arange(len(questions.users)), questions.lengths)
    items = slices(questions.items, questions.starts, questions.lengths)[0].numpy()
    noise = _Noise(questions, items, rows, perturbation.share or 0.0, seed, draw)
    items, lengths = _KINDS[perturbation.kind](noise, counts)
    stops = np.cumsum(lengths)
    starts, items = stops - lengths, items.astype(np.int32)
    return replace(questions, items=items, starts=starts, stops=stops, kinds=None)


class _Noise(NamedTuple):
    """Clean histories, and where their noise comes from."""

    questions: Questions  # k of them
    items: Integers  # (n,) their histories, end to end
    rows: Integers  # (n,) the question of each item
    share: float
    seed: int
    draw: int

    @property
    def lengths(self) -> Integers:
        """(k,) of the histories."""
        return self.questions.lengths

    @property
    def stops(self) -> Integers:
        """(k,) where each history ends in `items`."""
        return np.cumsum(self.lengths)

    def numbers(self, step: int, rows: Integers, places: Integers) -> Numbers:
        """Draw a number in [0, 1) for places in the histories of these rows."""
        users = self.questions.users[rows]
        return uniforms(self.seed, self.draw, users, places, step=step)

    def unseen(self, rows: Integers, places: Integers, weights: Integers) -> Integers:
        """Draw an item for each of these places that its row has not seen, with odds by (n_items,) weight."""
        seen = _seen_and_targets(self)
        numbers = self.numbers(ITEM, rows, places)
        return unseen_items(numbers, rows, seen, np.append(0, weights))


_Changed = tuple[Integers, Integers]
"""The items of all histories, end to end (n,), and the lengths of the histories, (k,)."""


def _random_added(noise: _Noise, counts: Integers) -> _Changed:
    return _added(noise, np.ones_like(counts))


def _popular_added(noise: _Noise, counts: Integers) -> _Changed:
    return _added(noise, counts)


def _added(noise: _Noise, weights: Integers) -> _Changed:
    added = noise.unseen(np.arange(len(noise.lengths)), noise.lengths, weights)
    return np.insert(noise.items, noise.stops, added), noise.lengths + 1


def _newest_replaced(noise: _Noise, counts: Integers) -> _Changed:
    return _replaced(noise, noise.stops[noise.lengths > 0] - 1, np.ones_like(counts))


def _share_replaced(noise: _Noise, counts: Integers) -> _Changed:
    numbers = noise.numbers(PLACE, noise.rows, _places(noise, np.arange(len(noise.items))))
    return _replaced(noise, np.flatnonzero(numbers < noise.share), np.ones_like(counts))


def _replaced(noise: _Noise, where: Integers, weights: Integers) -> _Changed:
    items, rows = noise.items.copy(), noise.rows[where]
    items[where] = noise.unseen(rows, _places(noise, where), weights)
    return items, noise.lengths


def _newest_dropped(noise: _Noise, _: Integers) -> _Changed:
    return _dropped(noise, noise.stops[noise.lengths > 0] - 1)


def _one_dropped(noise: _Noise, _: Integers) -> _Changed:
    rows = np.flatnonzero(noise.lengths)
    lengths = noise.lengths[rows]
    chosen = (noise.numbers(PLACE, rows, np.zeros_like(rows)) * lengths).astype(np.int64)
    return _dropped(noise, noise.stops[rows] - lengths + chosen)


def _dropped(noise: _Noise, where: Integers) -> _Changed:
    lost = np.bincount(noise.rows[where], minlength=len(noise.lengths))
    return np.delete(noise.items, where), noise.lengths - lost


def _newest_swapped(noise: _Noise, _: Integers) -> _Changed:
    items, newest = noise.items.copy(), noise.stops[noise.lengths > 1] - 1
    items[newest], items[newest - 1] = noise.items[newest - 1], noise.items[newest]
    return items, noise.lengths


_KINDS: dict[Kind, Callable[[_Noise, Integers], _Changed]] = {
    "random-added": _random_added,
    "popular-added": _popular_added,
    "newest-replaced": _newest_replaced,
    "newest-dropped": _newest_dropped,
    "newest-swapped": _newest_swapped,
    "one-dropped": _one_dropped,
    "share-replaced": _share_replaced,
}


def _places(noise: _Noise, where: Integers) -> Integers:
    """Return the place of each of these items in its history, from 0."""
    starts = noise.stops - noise.lengths
    return where - starts[noise.rows[where]]


def _seen_and_targets(noise: _Noise) -> tuple[Integers, Integers]:
    """Return rows and items that may not be added: distinct pairs, in order of row, then item."""
    width, targets = noise.questions.n_items + 1, noise.questions.targets
    asked = np.flatnonzero(targets)  # the catalogue has the target
    pairs = np.append(noise.rows * width + noise.items, asked * width + targets[asked])
    rows, items = np.divmod(np.unique(pairs), width)
    return rows, items
