"""Split a data set once: what is trained on, and the questions that validation and test ask.

A question is a user, where the user's history ends, and the item that came next. *Leave-one-out* asks for
each user's last item (test) and for the one before it (validation). A split *by time* asks for what happened
after one moment (validation) and after a second one (test), as a recommender in production would be asked.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from miqrec.config import Config
from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.histories import Histories, Integers, Questions
from miqrec.data.moments import read_moment, write_moment
from miqrec.data.sequences import Sequences
from miqrec.data.times import Times
from miqrec.errors import MiqrecError

Held = Literal["valid", "test"]

HELD_OUT = 2
"""Items of each user that leave-one-out holds out."""
SHARE = 0.1
"""The share of interactions that validation and test get each, where a split by time is given no moments."""


class SplitConfig(Config):
    """How items are held out."""

    split: Literal["leave-one-out", "time"] = "leave-one-out"
    """Hold out each user's last two items, or all that happened after two moments."""
    valid_from: str | None = None
    """The moment at which validation begins: an ISO date such as 2024-05-01, or a number as in the data."""
    test_from: str | None = None
    """The moment at which test begins."""
    valid_share: float | None = Field(None, gt=0, lt=1)
    """The share of interactions for validation instead of moments; 0.1 if neither is given."""
    test_share: float | None = Field(None, gt=0, lt=1)
    """The share of the newest interactions for test; 0.1 if neither is given."""
    questions: Literal["every", "first"] = "every"
    """Of a split by time: ask for every interaction after the moment, or for each user's first."""

    @field_validator("valid_from", "test_from", mode="before")
    @classmethod
    def _moments_may_be_dates_and_numbers(cls, moment: Any) -> Any:
        if isinstance(moment, date):
            return moment.isoformat()
        return str(moment) if isinstance(moment, int | float) else moment

    @model_validator(mode="after")
    def _options_fit_the_split(self) -> Self:
        moments, shares = (self.valid_from, self.test_from), (self.valid_share, self.test_share)
        by_time = (
            any(value is not None for value in (*moments, *shares)) or self.questions != "every"
        )
        if self.split == "leave-one-out" and by_time:
            raise ValueError(
                "valid_from, test_from, valid_share, test_share and questions belong to a split by time; "
                "give --split time too"
            )
        if any(moments) and any(shares):
            raise ValueError("give the moments of the split or its shares, not both")
        if any(moments) and not all(moments):
            raise ValueError("give both moments, valid_from and test_from, or neither")
        if sum(share or SHARE for share in shares) >= 1:
            raise ValueError(
                "valid_share and test_share leave nothing to train on; give less than 1 together"
            )
        return self


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


class _Asked(NamedTuple):
    """Rows of the flat array that are asked for, whose they are, and the items there; (q,) each."""

    rows: Integers
    users: Integers
    targets: npt.NDArray[np.int32]


class _HeldOut(NamedTuple):
    """Where training ends for each user, (n_users,), and what is asked for."""

    train_stops: Integers
    valid: _Asked
    test: _Asked


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
        _check_parts(_times(dataset.sequences), config)
    held_out = _by_time(dataset.sequences, config) if by_time else _leave_one_out(dataset.sequences)
    fingerprint = _fingerprint(dataset, held_out) if by_time else dataset.fingerprint
    if catalogue is None and by_time:
        catalogue = _trained_catalogue(dataset, held_out.train_stops)
    if catalogue is None or catalogue.frame["item"].equals(dataset.catalogue.frame["item"]):
        return _splits(dataset, held_out, fingerprint)
    ids = np.append(0, catalogue.encode(dataset.catalogue.frame["item"])).astype(np.int32)
    encoded = ids[dataset.sequences.items]
    places = np.append(0, (encoded > 0).cumsum())  # of each row among those that stay
    kept = _known(dataset.sequences, encoded, places, catalogue.n_items)
    asked = (
        _Asked(places[part.rows], part.users, encoded[part.rows])
        for part in (held_out.valid, held_out.test)
    )
    moved = _HeldOut(places[held_out.train_stops], *asked)
    return _splits(replace(dataset, sequences=kept, catalogue=catalogue), moved, fingerprint)


def with_moments(config: SplitConfig, dataset: Dataset) -> SplitConfig:
    """Replace the shares of a split by the moments that they mean on these data."""
    if config.split == "leave-one-out":
        return config
    first, second = _moments(_times(dataset.sequences), config)
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


def _leave_one_out(sequences: Sequences) -> _HeldOut:
    enough = np.flatnonzero(sequences.lengths > HELD_OUT)
    stops = sequences.offsets[1:].copy()
    stops[enough] -= HELD_OUT
    return _HeldOut(
        stops, *(_asked(sequences, stops[enough] + place, enough) for place in range(HELD_OUT))
    )


def _by_time(sequences: Sequences, config: SplitConfig) -> _HeldOut:
    times = _times(sequences)
    first, second = _moments(times, config)
    owners = np.repeat(np.arange(sequences.n_users), sequences.lengths)
    trained = np.bincount(owners[times < first], minlength=sequences.n_users)
    parts = [np.flatnonzero((times >= first) & (times < second)), np.flatnonzero(times >= second)]
    if config.questions == "first":
        parts = [rows[np.unique(owners[rows], return_index=True)[1]] for rows in parts]
    asked = (_asked(sequences, rows, owners[rows]) for rows in parts)
    return _HeldOut(sequences.offsets[:-1] + trained, *asked)


def _asked(sequences: Sequences, rows: Integers, users: Integers) -> _Asked:
    return _Asked(rows, users, sequences.items[rows])


def _times(sequences: Sequences) -> Times:
    if sequences.times is None:
        raise MiqrecError(
            "a split by time needs a column with times, and the data have none; name it by --time, or "
            "use --split leave-one-out"
        )
    return sequences.times


def _moments(times: Times, config: SplitConfig) -> tuple[float, float]:
    """Find where validation and test begin, in the unit of the times."""
    if config.valid_from is None or config.test_from is None:
        test_share = config.test_share or SHARE
        later = test_share + (config.valid_share or SHARE)
        first, second = np.quantile(times, [1 - later, 1 - test_share], method="higher").tolist()
    else:
        first, second = (read_moment(text, times) for text in (config.valid_from, config.test_from))
        if first >= second:
            raise MiqrecError(
                "the split by time has no validation: test_from must be later than valid_from, and "
                f"{config.test_from} is not later than {config.valid_from}"
            )
    return first, second


def _check_parts(times: Times, config: SplitConfig) -> None:
    """Refuse moments that leave a part of the split empty.

    Raises:
        MiqrecError: naming the part, the moments and when the data begin and end.
    """
    first, second = _moments(times, config)
    begin, end = write_moment(times.min().item()), write_moment(times.max().item())
    early, late = write_moment(first), write_moment(second)
    parts = {
        f"train on: no interaction is before {early}": times < first,
        f"validate on: no interaction is from {early} to before {late}": (times >= first)
        & (times < second),
        f"test on: no interaction is at {late} or later": times >= second,
    }
    for what, rows in parts.items():
        if not rows.any():
            raise MiqrecError(
                f"there is nothing to {what}; the data go from {begin} to {end}, so choose other moments"
            )


def _trained_catalogue(dataset: Dataset, train_stops: Integers) -> Catalogue:
    """Keep the items that occur in training, in the order of their numbers."""
    sequences = dataset.sequences
    edges = np.zeros(len(sequences.items) + 1, np.int64)
    np.add.at(edges, sequences.offsets[:-1], 1)
    np.add.at(edges, train_stops, -1)
    trained = np.unique(sequences.items[edges[:-1].cumsum() > 0])  # ids from 1
    return Catalogue(dataset.catalogue.frame[trained - 1])


def _fingerprint(dataset: Dataset, held_out: _HeldOut) -> str:
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


def _splits(dataset: Dataset, held_out: _HeldOut, fingerprint: str) -> Splits:
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
