"""Split a data set once: what is trained on, and the questions that validation and test ask.

A question is a user, where the user's history ends, and the item that came next. *Leave-one-out* asks for
each user's last item (test) and for the one before it (validation). A split *by time* asks for what happened
after one moment (validation) and after a second one (test), as a recommender in production would be asked.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.held_out import (
    Asked,
    HeldOut,
    check_parts,
    hold_out,
    hold_out_later,
    moments,
    times_of,
)
from miqrec.data.histories import Histories, Integers, Questions, parts_of
from miqrec.data.moments import is_same_clock, read_moment, write_moment
from miqrec.data.split_config import Held, SplitConfig
from miqrec.data.wanted import Wanted, wanted
from miqrec.errors import MiqrecError

DEFAULT_SPLIT = SplitConfig()
"""Leave-one-out, whatever the kind of the events."""


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set with what is trained on and what is asked.

    Attributes:
        dataset: the sequences in the numbers of the catalogue that a model is trained with.
        train: what a model may learn from.
        valid: the questions that choose epochs and settings.
        test: the questions that are read once.
        fingerprint: SHA-256 (hex) of the data and of what is held out; the data set's own for leave-one-out.
    """

    dataset: Dataset
    train: Histories
    valid: Questions
    test: Questions
    fingerprint: str

    def held(self, part: Held) -> Questions:
        """Return the questions of validation or of test.

        Raises:
            MiqrecError: there are none, or no part of this name.
        """
        if part not in get_args(Held):
            raise MiqrecError(f"there is no part {part!r} to evaluate on; give 'valid' or 'test'")
        questions = self.valid if part == "valid" else self.test
        if len(questions.users) == 0:
            purpose = {"valid": "validate", "test": "test"}[part]
            raise MiqrecError(
                f"there is nobody to {purpose} on: no user has 3 interactions or more, or none has any after "
                "the moment of the split; bring longer histories or filter less"
            )
        return questions


def everything(dataset: Dataset, config: SplitConfig = DEFAULT_SPLIT) -> Histories:
    """Return all interactions of all users, on which a model for use is trained.

    Args:
        dataset: the interactions.
        config: says by `target_kinds` what may be predicted.
    """
    return _histories(dataset, dataset.sequences.offsets[1:], wanted(dataset, config))


def split(dataset: Dataset, config: SplitConfig, catalogue: Catalogue | None = None) -> Splits:
    """Split a data set.

    Leave-one-out leaves users with fewer than 3 interactions to training; where targets are of some kinds, it
    holds out the last two of these kinds, and leaves users to training who have fewer. By time the catalogue
    is training's items: an item that appears later is dropped from histories, and stays as a target that no
    list can hold.

    Args:
        dataset: the interactions.
        config: which split.
        catalogue: the items of a model that was trained before; by default the split decides.

    Raises:
        MiqrecError: the data have no times or no such kinds of event, or a moment can't be read or leaves
            a part of the split empty.
    """
    by_time, asked = config.split == "time", wanted(dataset, config)
    if by_time and catalogue is None:  # what a trained model is asked may lack a part
        check_parts(times_of(dataset.sequences), config, asked)
    held_out = hold_out(dataset.sequences, config, asked)
    is_plain = config.split == "leave-one-out" and asked is None
    fingerprint = dataset.fingerprint if is_plain else _fingerprint(dataset, held_out)
    if catalogue is None and by_time:
        catalogue = _trained_catalogue(dataset, held_out.train_stops)
    return _ask(dataset, held_out, fingerprint, catalogue or dataset.catalogue, config)


def split_later(
    dataset: Dataset, until: str, catalogue: Catalogue, config: SplitConfig = DEFAULT_SPLIT
) -> Splits:
    """Ask for what happened after the last moment of a model's training; there is no validation.

    Args:
        dataset: the interactions; those up to the moment are histories.
        until: the moment, as `last_moment` writes it.
        catalogue: the items of the model.
        config: says whether every interaction is asked for or each user's first, and of which kinds.

    Raises:
        MiqrecError: the data have no times or no such kinds, or times that can't be compared with those of
            the training, or none is later.
    """
    times = times_of(dataset.sequences)
    if not is_same_clock(until, times):
        raise MiqrecError(
            f"the times of the training end at {until}, and these data go from "
            f"{write_moment(times.min().item())}: one has dates where the other has numbers, so what is "
            "later can't be told; bring data with times as in training"
        )
    moment, asked = read_moment(until, times), wanted(dataset, config)
    held_out = hold_out_later(dataset.sequences, moment, config.questions, asked)
    if len(held_out.test.rows) == 0:
        raise MiqrecError(
            f"no interaction is later than {until}, when the data of the training ended, so there is "
            "nothing to evaluate on; bring later ones"
        )
    return _ask(dataset, held_out, _fingerprint(dataset, held_out), catalogue, config)


def last_moment(dataset: Dataset) -> str | None:
    """Write the last moment of a data set, a date or a number as in the data; None where it has no times."""
    times = dataset.sequences.times
    return None if times is None or len(times) == 0 else write_moment(times.max().item())


def _ask(
    dataset: Dataset, held_out: HeldOut, fingerprint: str, catalogue: Catalogue, config: SplitConfig
) -> Splits:
    """Put the parts into the numbers of a catalogue; what it doesn't have stays only as a target."""
    if catalogue.frame["item"].equals(dataset.catalogue.frame["item"]):
        return _splits(dataset, held_out, fingerprint, config)
    ids = np.append(0, catalogue.encode(dataset.catalogue.frame["item"])).astype(np.int32)
    encoded = ids[dataset.sequences.items]
    places = np.append(0, (encoded > 0).cumsum())  # of each row among those that stay
    known = replace(dataset.sequences, items=encoded, n_items=catalogue.n_items).select(encoded > 0)
    asked = (
        Asked(places[part.rows], part.users, encoded[part.rows])
        for part in (held_out.valid, held_out.test)
    )
    moved = HeldOut(places[held_out.train_stops], *asked)
    kept = replace(dataset, sequences=known, catalogue=catalogue)
    return _splits(kept, moved, fingerprint, config)


def with_moments(config: SplitConfig, dataset: Dataset) -> SplitConfig:
    """Replace the shares of a split by the moments that they mean on these data."""
    if config.split == "leave-one-out":
        return config
    first, second = map(write_moment, moments(times_of(dataset.sequences), config))
    return SplitConfig(
        split="time",
        valid_from=first,
        test_from=second,
        questions=config.questions,
        target_kinds=config.target_kinds,
    )


def describe(splits: Splits) -> str:
    """Say in one line what is trained on, and how many of the questions no list can answer."""
    questions = splits.test
    unknown, new = int((questions.targets == 0).sum()), int((questions.lengths == 0).sum())
    text = (
        f"{int(splits.train.lengths.sum()):,} interactions to train on, {len(splits.valid.targets):,} "
        f"held-out items for validation, {len(questions.targets):,} for test"
    )
    notes = [
        f"{unknown:,} that training does not have, which count as misses" if unknown else "",
        f"{new:,} of users without a history, whom popularity answers" if new else "",
    ]
    return f"{text}{''.join(f', {note}' for note in notes if note)}"


def _trained_catalogue(dataset: Dataset, train_stops: Integers) -> Catalogue:
    """Keep the items that occur in training, in the order of their numbers."""
    sequences = dataset.sequences
    edges = np.zeros(len(sequences.items) + 1, np.int64)
    np.add.at(edges, sequences.offsets[:-1], 1)
    np.add.at(edges, train_stops, -1)
    trained = np.unique(sequences.items[edges[:-1].cumsum() > 0])  # ids from 1
    return Catalogue(dataset.catalogue.frame[trained - 1])


def _fingerprint(dataset: Dataset, held_out: HeldOut) -> str:
    """SHA-256 (hex) of the data and of what is held out of them."""
    digest = hashlib.sha256(dataset.fingerprint.encode())
    for rows in (held_out.train_stops, held_out.valid.rows, held_out.test.rows):
        digest.update(np.ascontiguousarray(rows, dtype="<i8").data)
    return digest.hexdigest()


def _histories(dataset: Dataset, stops: Integers, asked: Wanted) -> Histories:
    whole = parts_of(dataset, np.arange(dataset.sequences.n_users))
    return replace(whole, stops=stops, asked=asked)


def _splits(dataset: Dataset, held_out: HeldOut, fingerprint: str, config: SplitConfig) -> Splits:
    sequences, asked = dataset.sequences, wanted(dataset, config)
    valid, test = (
        Questions(
            items=sequences.items,
            users=part.users,
            starts=sequences.offsets[part.users],
            stops=part.rows,
            n_items=sequences.n_items,
            n_users=sequences.n_users,
            targets=part.targets,
            kinds=dataset.event_kinds,
        )
        for part in (held_out.valid, held_out.test)
    )
    train = _histories(dataset, held_out.train_stops, asked)
    return Splits(dataset, train, valid, test, fingerprint)
