"""Split a data set once: what is trained on, and the questions that validation and test ask.

A question is a user, where the user's history ends, and the item that came next. *Leave-one-out* asks for
each user's last item (test) and for the one before it (validation). A split *by time* asks for what happened
after one moment (validation) and after a second one (test), as a recommender in production would be asked.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import numpy.typing as npt

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
from miqrec.data.histories import Histories, Integers, Questions
from miqrec.data.moments import is_same_clock, read_moment, write_moment
from miqrec.data.sequences import Sequences
from miqrec.data.split_config import Held, QuestionsAsked, SplitConfig
from miqrec.errors import MiqrecError


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


def everything(dataset: Dataset) -> Histories:
    """Return all interactions of all users, on which a model for use is trained."""
    return _histories(dataset.sequences, dataset.sequences.offsets[1:])


def split(dataset: Dataset, config: SplitConfig, catalogue: Catalogue | None = None) -> Splits:
    """Split a data set.

    Leave-one-out leaves users with fewer than 3 interactions to training. By time the catalogue is training's
    items: an item that appears later is dropped from histories, and stays as a target that no list can hold.

    Args:
        dataset: the interactions.
        config: which split.
        catalogue: the items of a model that was trained before; by default the split decides.

    Raises:
        MiqrecError: the data have no times, or a moment can't be read or leaves a part of the
            split empty.
    """
    by_time = config.split == "time"
    if by_time and catalogue is None:  # what a trained model is asked may lack a part
        check_parts(times_of(dataset.sequences), config)
    held_out = hold_out(dataset.sequences, config)
    fingerprint = _fingerprint(dataset, held_out) if by_time else dataset.fingerprint
    if catalogue is None and by_time:
        catalogue = _trained_catalogue(dataset, held_out.train_stops)
    return _ask(dataset, held_out, fingerprint, catalogue or dataset.catalogue)


def split_later(
    dataset: Dataset, until: str, catalogue: Catalogue, asked: QuestionsAsked = "every"
) -> Splits:
    """Ask for what happened after the last moment of a model's training; there is no validation.

    Args:
        dataset: the interactions; those up to the moment are histories.
        until: the moment, as `last_moment` writes it.
        catalogue: the items of the model.
        asked: for every interaction, or for each user's first.

    Raises:
        MiqrecError: the data have no times, or others than those of the training, or none is later.
    """
    times = times_of(dataset.sequences)
    if not is_same_clock(until, times):
        raise MiqrecError(
            f"the times of the training end at {until}, and these data go from "
            f"{write_moment(times.min().item())}: one has dates where the other has numbers, so what is "
            "later can't be told; bring data with times as in training"
        )
    held_out = hold_out_later(dataset.sequences, read_moment(until, times), asked)
    if len(held_out.test.rows) == 0:
        raise MiqrecError(
            f"no interaction is later than {until}, when the data of the training ended, so there is "
            "nothing to evaluate on; bring later ones"
        )
    return _ask(dataset, held_out, _fingerprint(dataset, held_out), catalogue)


def last_moment(dataset: Dataset) -> str | None:
    """Write the last moment of a data set, a date or a number as in the data; None where it has no times."""
    times = dataset.sequences.times
    return None if times is None or len(times) == 0 else write_moment(times.max().item())


def _ask(dataset: Dataset, held_out: HeldOut, fingerprint: str, catalogue: Catalogue) -> Splits:
    """Put the parts into the numbers of a catalogue; what it doesn't have stays only as a target."""
    if catalogue.frame["item"].equals(dataset.catalogue.frame["item"]):
        return _splits(dataset, held_out, fingerprint)
    ids = np.append(0, catalogue.encode(dataset.catalogue.frame["item"])).astype(np.int32)
    encoded = ids[dataset.sequences.items]
    places = np.append(0, (encoded > 0).cumsum())  # of each row among those that stay
    kept = _known(dataset.sequences, encoded, places, catalogue.n_items)
    asked = (
        Asked(places[part.rows], part.users, encoded[part.rows])
        for part in (held_out.valid, held_out.test)
    )
    moved = HeldOut(places[held_out.train_stops], *asked)
    return _splits(replace(dataset, sequences=kept, catalogue=catalogue), moved, fingerprint)


def with_moments(config: SplitConfig, dataset: Dataset) -> SplitConfig:
    """Replace the shares of a split by the moments that they mean on these data."""
    if config.split == "leave-one-out":
        return config
    first, second = moments(times_of(dataset.sequences), config)
    return SplitConfig(
        split="time",
        valid_from=write_moment(first),
        test_from=write_moment(second),
        questions=config.questions,
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


def _known(
    sequences: Sequences, encoded: npt.NDArray[np.int32], places: Integers, n_items: int
) -> Sequences:
    """Keep the rows whose items the catalogue has, in its numbers."""
    known = encoded > 0
    columns = {name: column[known] for name, column in sequences.columns().items()}
    return Sequences(encoded[known], places[sequences.offsets], n_items, **columns)


def _histories(sequences: Sequences, stops: Integers) -> Histories:
    users = np.arange(sequences.n_users)
    return Histories(
        *(sequences.items, users, sequences.offsets[:-1], stops, sequences.n_items),
        n_users=sequences.n_users,
    )


def _splits(dataset: Dataset, held_out: HeldOut, fingerprint: str) -> Splits:
    sequences = dataset.sequences
    valid, test = (
        Questions(
            items=sequences.items,
            users=part.users,
            starts=sequences.offsets[part.users],
            stops=part.rows,
            n_items=sequences.n_items,
            n_users=sequences.n_users,
            targets=part.targets,
        )
        for part in (held_out.valid, held_out.test)
    )
    return Splits(dataset, _histories(sequences, held_out.train_stops), valid, test, fingerprint)
