"""What is trained on and what is asked, by cases that can be read off and by what must always hold."""

from dataclasses import replace
from datetime import date, datetime
from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miqrec.data.catalogue import make_catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.histories import Histories
from miqrec.data.sequences import Sequences
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import Splits, describe, everything, split, split_later, with_moments
from miqrec.errors import MiqrecError
from worlds import dataset_of

HISTORIES = st.lists(st.lists(st.integers(1, 9), max_size=7), max_size=6)


def dataset(histories: list[list[int]], times: list[list[float]] | None = None) -> Dataset:
    offsets = np.cumsum([0, *map(len, histories)], dtype=np.int64)
    moments = None if times is None else np.array([*chain(*times)])
    flat = np.fromiter(chain(*histories), np.int32)
    return dataset_of(Sequences(flat, offsets, n_items=9, times=moments))


def parts(histories: Histories) -> dict[int, list[int]]:
    ends = zip(histories.users, histories.starts, histories.stops, strict=True)
    return {int(user): histories.items[start:stop].tolist() for user, start, stop in ends}


def left_out(histories: list[list[int]]) -> Splits:
    return split(dataset(histories), SplitConfig())


SHORT_AND_LONG = [[1, 2, 3, 4], [5], [], [6, 7], [7, 8, 9]]


def test_training_ends_before_the_two_held_out_items():
    expected = {0: [1, 2], 1: [5], 2: [], 3: [6, 7], 4: [7]}
    assert parts(left_out(SHORT_AND_LONG).train) == expected


def test_validation_asks_for_the_last_but_one_after_what_precedes_it():
    questions = left_out(SHORT_AND_LONG).valid
    assert parts(questions) == {0: [1, 2], 4: [7]}
    assert questions.targets.tolist() == [3, 8]


def test_test_asks_for_the_last_and_the_validation_item_is_in_the_history():
    questions = left_out(SHORT_AND_LONG).test
    assert parts(questions) == {0: [1, 2, 3], 4: [7, 8]}
    assert questions.targets.tolist() == [4, 9]


def test_everything_keeps_everything_and_everybody():
    assert parts(everything(dataset(SHORT_AND_LONG))) == dict(enumerate(SHORT_AND_LONG))


def test_leave_one_out_has_the_fingerprint_of_the_data():
    assert left_out(SHORT_AND_LONG).fingerprint == dataset(SHORT_AND_LONG).fingerprint


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_training_and_the_targets_partition_each_history(histories):
    splits = left_out(histories)
    pieces = parts(splits.train)
    for questions in (splits.valid, splits.test):
        for user, target in zip(questions.users, questions.targets, strict=True):
            pieces[int(user)] = [*pieces[int(user)], int(target)]
    assert pieces == dict(enumerate(histories))


# Two users and their moments; validation begins at 4, test at 6:
#   user 0   items 1 2 3 4 5   at 1 2 4 5 7
#   user 1   items 2 6 1       at 3 6 8      (6 is not in training)
LOG = [[1, 2, 3, 4, 5], [2, 6, 1]]
MOMENTS = [[1, 2, 4, 5, 7], [3, 6, 8]]
AT_4_AND_6 = SplitConfig(split="time", valid_from="4", test_from="6")


def names(splits: Splits, ids: np.ndarray) -> list[int | None]:
    return [splits.dataset.catalogue.decode([id_])[0] if id_ else None for id_ in ids.tolist()]


def test_by_time_training_is_what_precedes_the_first_moment():
    splits = split(dataset(LOG, MOMENTS), AT_4_AND_6)
    assert {user: names(splits, np.array(ids)) for user, ids in parts(splits.train).items()} == {
        0: [1, 2],
        1: [2],
    }


def test_by_time_the_catalogue_is_trainings_items_and_later_ones_are_misses():
    splits = split(dataset(LOG, MOMENTS), AT_4_AND_6)
    assert splits.dataset.catalogue.frame["item"].to_list() == [1, 2]
    assert names(splits, splits.valid.targets) == [None, None]  # 3 and 4 of user 0
    assert names(splits, splits.test.targets) == [None, None, 1]  # 5 of user 0; 6 and 1 of user 1


def test_by_time_a_history_is_all_that_was_done_before_of_what_the_catalogue_has():
    splits = split(dataset(LOG, MOMENTS), AT_4_AND_6)
    histories = [
        names(splits, splits.test.items[start:stop])
        for start, stop in zip(splits.test.starts, splits.test.stops, strict=True)
    ]
    assert splits.test.users.tolist() == [0, 1, 1]
    assert histories == [[1, 2], [2], [2]]  # 3, 4 and 6 were never trained on


def test_by_time_only_the_first_interaction_after_each_moment_may_be_asked_for():
    config = AT_4_AND_6.model_copy(update={"questions": "first"})
    splits = split(dataset(LOG, MOMENTS), config)
    assert splits.valid.users.tolist() == [0]
    assert splits.test.users.tolist() == [0, 1]


def test_by_time_a_user_who_comes_later_is_asked_about_with_an_empty_history():
    splits = split(dataset([[1, 2, 1], [2, 1]], [[1, 2, 5], [6, 7]]), AT_4_AND_6)
    assert splits.test.users.tolist() == [1, 1]
    assert splits.test.lengths.tolist() == [0, 1]


def test_by_time_the_catalogue_of_a_model_that_is_there_already_decides_what_is_known():
    catalogue = make_catalogue(pl.Series("item", [5, 2]))
    splits = split(dataset(LOG, MOMENTS), AT_4_AND_6, catalogue)
    assert names(splits, splits.test.targets) == [5, None, None]
    assert splits.train.n_items == 2


def test_a_target_that_the_model_does_not_know_stays_a_question():
    """Leave-one-out on other data: the item before it must not be asked for in its place."""
    catalogue = make_catalogue(pl.Series("item", [1, 2, 3]))
    splits = split(dataset([[1, 2, 3, 9]]), SplitConfig(), catalogue)
    assert splits.test.targets.tolist() == [0]
    assert parts(splits.test) == {0: [1, 2, 3]}


def test_shares_of_the_newest_interactions_stand_for_moments():
    config = SplitConfig(split="time", valid_share=0.2, test_share=0.3)
    data = dataset([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1]], [[1, 3, 5, 7, 9], [2, 4, 6, 8, 10]])
    splits = split(data, config)
    assert len(splits.valid.targets) == 2
    assert len(splits.test.targets) == 3
    assert with_moments(config, data).model_dump(exclude_none=True) == {
        "split": "time",
        "valid_from": "6",
        "test_from": "8",
        "questions": "every",
    }


def test_a_moment_may_be_a_date():
    days = [
        [1_714_521_600_000_000, 1_717_200_000_000_000, 1_719_792_000_000_000]
    ]  # 1 May, June, July
    config = SplitConfig(split="time", valid_from="2024-06-01", test_from="2024-07-01")
    splits = split(dataset([[1, 1, 1]], days), config)
    assert [len(part.targets) for part in (splits.valid, splits.test)] == [1, 1]


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000], ids=["s", "ms", "us", "ns"])
def test_a_moment_may_be_a_unix_time_in_any_unit_where_the_times_are_dates(unit):
    days = [[1_714_521_600_000_000, 1_717_200_000_000_000, 1_719_792_000_000_000]]
    moments = [str(seconds * unit) for seconds in (1_717_200_000, 1_719_792_000)]
    config = SplitConfig(split="time", valid_from=moments[0], test_from=moments[1])
    data = dataset([[1, 1, 1]], days)
    splits = split(data, config)
    assert [len(part.targets) for part in (splits.valid, splits.test)] == [1, 1]
    assert with_moments(config, data).valid_from == "2024-06-01T00:00:00+00:00"


def test_what_a_trained_model_is_asked_may_be_of_one_part_alone():
    trained = split(dataset(LOG, MOMENTS), AT_4_AND_6).dataset.catalogue
    later = split(dataset([[1, 2]], [[7, 8]]), AT_4_AND_6, trained)
    assert [len(part.targets) for part in (later.valid, later.test)] == [0, 2]


def test_shares_of_dates_are_kept_as_dates_and_mean_the_same_again():
    days = [1_714_521_600_000_000 + day * 86_400_000_000 for day in range(10)]  # from 1 May 2024
    data, config = dataset([[1] * 10], [days]), SplitConfig(split="time", valid_share=0.3)
    resolved = with_moments(config, data)
    assert (resolved.valid_from, resolved.test_from) == (
        "2024-05-07T00:00:00+00:00",
        "2024-05-10T00:00:00+00:00",
    )
    assert split(data, resolved).fingerprint == split(data, config).fingerprint


def test_a_split_is_described_with_what_no_list_can_answer():
    assert describe(split(dataset(LOG, MOMENTS), AT_4_AND_6)) == (
        "3 interactions to train on, 2 held-out items for validation, 3 for test, "
        "2 that training does not have, which count as misses"
    )
    later = split(dataset([[1, 2, 1], [2, 1]], [[1, 2, 5], [6, 7]]), AT_4_AND_6)
    assert "1 of users without a history, whom popularity answers" in describe(later)


def test_the_fingerprint_of_a_split_by_time_depends_on_its_moments():
    data = dataset(LOG, MOMENTS)
    other = AT_4_AND_6.model_copy(update={"test_from": "7"})
    fingerprints = {split(data, config).fingerprint for config in (AT_4_AND_6, other)}
    assert len(fingerprints | {data.fingerprint}) == 3


TIMED = st.lists(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20)), max_size=7).map(
        lambda history: sorted(history, key=lambda event: event[1])
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(TIMED, st.integers(1, 10), st.integers(11, 20))
def test_by_time_nothing_that_is_learned_or_read_is_from_after_what_is_asked(log, first, second):
    """Against the definition in plain loops."""
    histories = [[item for item, _ in history] for history in log]
    moments = [[float(time) for _, time in history] for history in log]
    flat = [*chain(*moments)]
    parts = {(time >= first) + (time >= second) for time in flat}
    if len(parts) < 3:  # training, validation or test would be empty
        return
    data = dataset(histories, moments)
    config = SplitConfig(split="time", valid_from=str(first), test_from=str(second))
    splits = split(data, config)

    trained = {item for history in log for item, time in history if time < first}
    expected = [
        (
            user,
            [i for i in histories[user][:place] if i in trained],
            item if item in trained else None,
        )
        for user, history in enumerate(log)
        for place, (item, time) in enumerate(history)
        if time >= second
    ]
    questions = splits.test
    found = [
        (
            int(user),
            names(splits, questions.items[start:stop]),
            names(splits, np.array([target]))[0],
        )
        for user, start, stop, target in zip(
            *(questions.users, questions.starts, questions.stops, questions.targets), strict=True
        )
    ]
    assert found == expected


def test_data_without_times_cannot_be_split_by_time():
    with pytest.raises(MiqrecError, match=r"needs a column with times, .* as in time="):
        split(dataset(LOG), SplitConfig(split="time"))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"valid_share": 0.1}, 'belong to a split by time; give split="time" too'),
        ({"questions": "first"}, "belong to a split by time"),
        ({"split": "time", "valid_from": "4"}, "give both moments"),
        ({"split": "time", "valid_from": "4", "test_from": "6", "test_share": 0.1}, "not both"),
        ({"split": "time", "valid_share": 0.5, "test_share": 0.6}, "leave nothing to train on"),
    ],
)
def test_options_that_say_nothing_together_are_refused(options, complaint):
    with pytest.raises(ValidationError, match=complaint):
        SplitConfig(**options)


@pytest.mark.parametrize(
    ("moments", "complaint"),
    [
        (("soon", "6"), "'soon' is no date and no number"),
        (("6", "4"), "test_from must be later than valid_from"),
        (("nan", "6"), "'nan' is no date and no number"),
        (
            ("0", "4"),
            "nothing to train on: no interaction is before 0; the data go from 1 to 8",
        ),
        (
            ("8.5", "9"),
            "nothing to validate on: no interaction is from 8.5 to before 9; the data go",
        ),
        (
            ("4", "9"),
            "nothing to test on: no interaction is at 9 or later; the data go from 1 to",
        ),
    ],
)
def test_moments_that_leave_nothing_are_named(moments, complaint):
    config = SplitConfig(split="time", valid_from=moments[0], test_from=moments[1])
    with pytest.raises(MiqrecError, match=complaint):
        split(dataset(LOG, MOMENTS), config)


def test_kinds_and_sessions_stay_with_their_rows():
    data = dataset(LOG, MOMENTS)
    rows = np.arange(8)
    columns = replace(data.sequences, kinds=rows.astype(np.int16), sessions=rows)
    kept = split(replace(data, sequences=columns), AT_4_AND_6).dataset.sequences
    assert kept.items.tolist() == [1, 2, 2, 1]
    assert kept.kinds.tolist() == kept.sessions.tolist() == [0, 1, 5, 7]


@pytest.mark.parametrize("moment", [date(2024, 6, 1), datetime(2024, 6, 1, 18), "2024-06-01"])
def test_a_moment_may_be_a_date_of_pythons(moment):
    config = SplitConfig(split="time", valid_from=moment, test_from=7)
    assert (config.valid_from[:10], config.test_from) == ("2024-06-01", "7")


def test_what_is_later_than_a_moment_is_asked_for_after_all_that_came_before():
    data = dataset([[1, 2, 3], [4, 5], [6]], times=[[1, 2, 3], [2, 3], [1]])

    later = split_later(data, "2", data.catalogue)

    assert later.test.targets.tolist() == [3, 5]
    assert parts(later.test) == {0: [1, 2], 1: [4]}
    assert parts(later.train) == {0: [1, 2], 1: [4], 2: [6]}
    assert len(later.valid.targets) == 0


KINDS = ("view", "buy")
BUYS = SplitConfig(target_kinds="buy")


def with_kinds(
    histories: list[list[int]], kinds: list[list[int]], times: list[list[float]] | None = None
) -> Dataset:
    data = dataset(histories, times)
    codes = np.fromiter(chain(*kinds), np.int16)
    return replace(data, sequences=replace(data.sequences, kinds=codes), kinds=KINDS)


SHOPPING = with_kinds(
    [[1, 2, 3, 4, 5], [6, 7, 8], [1, 2, 9]], [[0, 1, 0, 1, 0], [1, 1, 0], [0, 0, 1]]
)


def test_leave_one_out_asks_for_the_last_two_of_the_kinds_that_are_predicted():
    splits = split(SHOPPING, BUYS)
    assert parts(splits.valid) == {0: [1]}  # who buys first has nothing to be asked after
    assert splits.valid.targets.tolist() == [2]
    assert parts(splits.test) == {0: [1, 2, 3]}
    assert splits.test.targets.tolist() == [4]
    assert parts(splits.train) == {0: [1], 1: [6, 7, 8], 2: [1, 2, 9]}
    assert splits.fingerprint != SHOPPING.fingerprint


def test_all_kinds_are_as_good_as_none():
    every = split(SHOPPING, SplitConfig(target_kinds="view, buy"))
    plain = split(SHOPPING, SplitConfig())
    assert [parts(every.held(part)) for part in ("valid", "test")] == [
        parts(plain.held(part)) for part in ("valid", "test")
    ]


def test_by_time_only_events_of_the_kinds_are_asked_for_and_all_are_read():
    times = [[1, 4, 5, 6, 7], [1, 2, 7], [1, 2, 5]]
    kinds = [[0, 1, 0, 1, 0], [1, 1, 0], [0, 0, 1]]
    timed = with_kinds([[1, 2, 3, 4, 5], [6, 7, 8], [1, 2, 1]], kinds, times)
    config = SplitConfig(split="time", valid_from="4", test_from="6", target_kinds="buy")
    splits = split(timed, config)
    assert splits.valid.users.tolist() == [0, 2]
    assert splits.test.users.tolist() == [0]  # user 1 only looks in that time
    assert parts(splits.test) == {0: [1, 2]}  # item 3 is not in training's catalogue
    assert with_moments(config, timed) == config


def test_kinds_that_are_not_there_are_refused_with_those_that_are():
    with pytest.raises(MiqrecError, match=r"there is no kind 'sell'; the kinds are view, buy"):
        split(SHOPPING, SplitConfig(target_kinds="sell"))
    without = dataset([[1, 2, 3]])
    with pytest.raises(MiqrecError, match="the data have no kinds"):
        split(without, BUYS)


def test_a_part_without_the_kinds_is_refused_before_training():
    timed = with_kinds([[1, 2, 3]], [[1, 1, 0]], [[1, 2, 3]])
    config = SplitConfig(split="time", valid_from="2", test_from="3", target_kinds="buy")
    with pytest.raises(MiqrecError, match="test on: no interaction of kind buy is at"):
        split(timed, config)
