"""Runs become small frames and aligned ranks, or an error that names the run that doesn't fit."""

import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.report.results import read_results
from studies import compared, without_questions, write_run, write_study


def test_seeds_are_rows_and_users_columns(tmp_path):
    write_study(tmp_path)
    write_run(tmp_path / "sasrec" / "seed-1", [1, 100, 4], seed=1)
    write_run(tmp_path / "sasrec" / "seed-0", [7, 8, 9], seed=0)
    results = read_results(tmp_path)

    assert results.ranks["sasrec"].tolist() == [[7, 8, 9], [1, 100, 4]]
    assert results.values("sasrec", "HR@5").mean(1).tolist() == pytest.approx([0, 2 / 3])
    assert results.runs.select("system", "seed").rows() == [("sasrec", 0), ("sasrec", 1)]
    assert results.runs["HR@5"].to_list() == pytest.approx([0, 2 / 3])
    assert results.history.filter(seed=1)["NDCG@10"].to_list() == [0.1, 0.2]


def test_values_agree_with_what_the_runs_measured(tmp_path):
    results = read_results(compared(tmp_path))

    for metric in METRICS:
        means = results.values("miq", metric).mean(1)
        assert means == pytest.approx(results.runs.filter(system="miq")[metric].to_numpy())


def test_users_who_are_asked_several_questions_have_their_sum(tmp_path):
    write_run(tmp_path / "sasrec", [1, 100, 4, 100], users=[7, 3, 3, 3])
    results = read_results(tmp_path)

    assert results.n_users == 2
    assert results.question_values("sasrec", "HR@5").tolist() == [[1, 0, 1, 0]]
    assert results.values("sasrec", "HR@5").tolist() == [[1 * 2 / 4, 1 * 2 / 4]]  # of 3, then of 7
    assert results.runs["HR@5"].to_list() == [pytest.approx(2 / 4)]


def test_ranks_of_before_and_after_questions_were_numbered_are_aligned(tmp_path):
    without_questions(write_run(tmp_path / "a", [1, 2, 3]))
    write_run(tmp_path / "b", [4, 5, 6])

    ranks = read_results(tmp_path).ranks
    assert (ranks["a"].tolist(), ranks["b"].tolist()) == ([[1, 2, 3]], [[4, 5, 6]])


def test_the_counts_of_questions_are_those_of_the_first_run_that_has_them(tmp_path):
    write_run(tmp_path / "a", [1, 2])
    assert read_results(tmp_path).targets == (None, None, None)

    counts = {"seen_targets": 3, "unknown_targets": 2, "without_history": 1}
    write_run(tmp_path / "b", [1, 2], counts=counts)
    assert read_results(tmp_path).targets == (3, 2, 1)


def test_what_is_not_finished_is_missing(tmp_path):
    folder = compared(tmp_path, seeds=2)
    (folder / "miq" / "seed-1" / "metrics.json").unlink()

    results = read_results(folder)
    assert results.missing == {"miq": [1]}
    assert results.systems() == ["sasrec", "miq"]
    assert len(results.ranks["miq"]) == 1


def test_nothing_finished_is_an_error(tmp_path):
    (write_run(tmp_path / "miq", [1]) / "metrics.json").unlink()

    with pytest.raises(MiqrecError, match=r"no run in .* is finished"):
        read_results(tmp_path)


@pytest.mark.parametrize(
    ("ranks", "changes", "message"),
    [
        ([1, 2], {"targets": [1, 2]}, "seed-1 was made on other data"),
        ([1, 2, 3], {}, "seed-1 was made on other data"),
        ([1, 2], {"dim": 8}, "seed-1 has other settings than the other runs of sasrec"),
    ],
)
def test_a_run_that_does_not_fit_is_named(tmp_path, ranks, changes, message):
    write_study(tmp_path)
    write_run(tmp_path / "sasrec" / "seed-0", [1, 2])
    write_run(tmp_path / "sasrec" / "seed-1", ranks, seed=1, **changes)

    with pytest.raises(MiqrecError, match=message):
        read_results(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["config.json", "metrics.json", "environment.json", "history.csv", "ranks.parquet"],
)
def test_a_file_that_is_damaged_is_named(tmp_path, name):
    write_study(tmp_path)
    (write_run(tmp_path / "sasrec" / "seed-0", [1, 2]) / name).write_bytes(b"\xff{")

    with pytest.raises(MiqrecError, match=rf"seed-0/{name} .*; restore it"):
        read_results(tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path):
    write_study(tmp_path)
    (write_run(tmp_path / "sasrec" / "seed-0", [1, 2]) / "environment.json").unlink()

    with pytest.raises(MiqrecError, match=r"environment\.json can't be read: No such file"):
        read_results(tmp_path)
