"""Users in quarters by the length of their history."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError
from miqrec.experiments.report.lengths import length_groups, length_table, quarters
from miqrec.experiments.report.results import read_results
from studies import N_USERS, compared, write_run
from worlds import cycle, frame


def test_quarters_are_as_large_as_the_lengths_allow():
    groups = quarters(np.array([8, 1, 2, 7, 3, 4, 5, 6]))

    assert [(group.shortest, group.longest) for group in groups] == [(1, 2), (3, 4), (5, 6), (7, 8)]
    assert groups[0].rows.tolist() == [1, 2]


def test_users_of_one_length_stay_together():
    groups = quarters(np.array([3, 3, 3, 3, 9]))

    assert [len(group.rows) for group in groups] == [4, 1]


def test_a_group_of_one_length_has_one_number_for_a_heading(tmp_path):
    table = length_table(
        read_results(compared(tmp_path)), quarters(np.array([1] * 10 + [4] * 10 + [5, 6] * 10))
    )

    assert table.columns == ("", "1 item", "4 items", "5 items", "6 items")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_every_user_is_in_one_group_and_groups_do_not_overlap(lengths):
    groups = quarters(np.array(lengths))

    assert sorted(np.concatenate([group.rows for group in groups])) == list(range(len(lengths)))
    assert all(one.longest < other.shortest for one, other in pairwise(groups))


def test_lengths_come_from_the_data_that_the_runs_were_made_of(tmp_path):
    log = tmp_path / "log.csv"
    frame(cycle()).write_csv(log)
    results = _trained_on(read_results(compared(tmp_path / "study")), str(log))
    groups = length_groups(results, None, None)

    histories = cycle().sequences.lengths[results.users] - 1
    assert groups[0].shortest == histories.min()
    assert groups[-1].longest == histories.max()


def test_by_time_they_are_the_lengths_before_each_question(tmp_path):
    log = tmp_path / "log.csv"
    frame(cycle()).with_row_index("time").write_csv(log)
    by_time = SplitConfig(split="time")
    splits = split(open_dataset(DataConfig(source=str(log))), by_time)
    asked = splits.test.users.tolist()
    write_run(tmp_path / "study" / "miq", [1] * len(asked), users=asked)
    results = _trained_on(read_results(tmp_path / "study"), str(log))
    config = results.configs["miq"]
    changes = {"split": by_time, "fingerprint": splits.fingerprint}
    results = results._replace(configs={"miq": config.model_copy(update=changes)})

    groups = length_groups(results, None, None)

    assert len(asked) > results.n_users
    assert sum(len(group.rows) for group in groups) == len(asked)
    assert groups[0].shortest == splits.test.lengths.min()
    assert groups[-1].longest == splits.test.lengths.max()
    assert f"{len(groups[0].rows)}" in length_table(results, groups).notes[0]
    assert length_table(results, groups).notes[0].endswith(" questions.")


@pytest.mark.parametrize(
    ("source", "message"),
    [(None, "data frame, which is not saved"), ("x", "not at hand"), ("demo", "has changed")],
)
def test_other_data_or_none_is_an_error(tmp_path, source, message):
    results = _trained_on(read_results(compared(tmp_path)), source)

    with pytest.raises(MiqrecError, match=message):
        length_groups(results, None, None)


def test_scores_by_length_are_those_of_the_groups_users(tmp_path):
    results = read_results(compared(tmp_path))
    groups = quarters(results.users)  # as if user 0 had the shortest history
    table = length_table(results, groups)

    assert len(table.columns) == 1 + 4
    first = results.values("sasrec", "NDCG@10")[:, : N_USERS // 4]
    assert table.rows[0][1].text.startswith(f"{first.mean():.4f}".removeprefix("0"))


def _trained_on(results, source):
    configs = {
        system: config.model_copy(
            update={"data": config.data.model_copy(update={"source": source})}
        )
        for system, config in results.configs.items()
    }
    return results._replace(configs=configs)
