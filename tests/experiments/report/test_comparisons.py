"""A study's pairs, tested: the direction, the family, and what is left out."""

import pytest

from miqrec.experiments.report.comparisons import TESTED, compare_pairs
from miqrec.experiments.report.results import read_results
from miqrec.statistics.significance import holm
from studies import compared, write_run, write_study


@pytest.mark.parametrize(
    ("miq", "sasrec", "verdict"),
    [(0.9, 0.1, "better"), (0.1, 0.9, "worse"), (0.5, 0.5, "unclear")],
)
def test_the_verdict_has_the_direction_of_the_pair(tmp_path, miq, sasrec, verdict):
    results = read_results(compared(tmp_path, miq=miq, sasrec=sasrec))

    for comparison in compare_pairs(results):
        assert (comparison.system, comparison.baseline) == ("miq", "sasrec")
        assert comparison.verdict == verdict
        assert comparison.low < comparison.difference < comparison.high
        assert (comparison.difference > 0) == (comparison.effect > 0) == (comparison.relative > 0)


def test_the_numbers_of_a_pair_are_those_of_its_means(tmp_path):
    write_study(tmp_path)
    write_run(tmp_path / "sasrec" / "seed-0", [1, 100, 100, 100])
    write_run(tmp_path / "miq" / "seed-0", [1, 1, 1, 100], "miq-sasrec")
    hit_rate = compare_pairs(read_results(tmp_path))[1]

    assert hit_rate.metric == "HR@10"
    assert hit_rate.difference == pytest.approx(3 / 4 - 1 / 4)
    assert hit_rate.relative == pytest.approx((3 / 4 - 1 / 4) / (1 / 4))
    assert hit_rate.p == pytest.approx(2 / 2**2)  # two users differ
    assert hit_rate.seeds_needed is None


def test_the_family_is_all_pairs_in_all_tested_metrics(tmp_path):
    for i, name in enumerate(("a", "b", "c")):
        write_run(tmp_path / name, [1] * (5 + 4 * i) + [100] * (15 - 4 * i))
    comparisons = compare_pairs(read_results(tmp_path))

    assert [(one.system, one.metric) for one in comparisons] == [
        (system, metric) for system in ("b", "c") for metric in TESTED
    ]
    assert [one.corrected for one in comparisons] == holm([one.p for one in comparisons])
    assert comparisons[0].corrected > comparisons[0].p


def test_a_pair_without_runs_is_not_in_the_family(tmp_path):
    write_study(tmp_path)
    write_run(tmp_path / "sasrec" / "seed-0", [1, 2, 3])

    assert compare_pairs(read_results(tmp_path)) == []


def test_an_interval_that_holds_0_says_that_seeds_may_decide(tmp_path):
    comparison = compare_pairs(read_results(compared(tmp_path)))[0]

    assert not comparison.depends_on_seeds
    assert comparison._replace(low=-0.1).depends_on_seeds
    assert not comparison._replace(low=-0.1, corrected=0.5).depends_on_seeds
