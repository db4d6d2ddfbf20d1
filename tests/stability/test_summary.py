"""From measurements to means, intervals and tests: small numbers whose answer is plain."""

import math

import polars as pl
import pytest
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.stability import (
    compare,
    correct,
    measured,
    rank_list_sensitivity,
    seed_floor,
    summarise,
)
from miqrec.stability.summary import CLEAN, SEED_FLOOR, Measured
from miqrec.statistics import bootstrap_interval, sign_flip_test

K = 2


def frame(*draws: list[tuple[float, int, int]], noise: str = "random-added") -> pl.DataFrame:
    """A row (similarity, rank, clean rank) for each of users 0, 1, ... in each draw."""
    rows = [
        {"noise": noise, "draw": draw, "question": user, "user": user}
        | {"frbo": alike, "jaccard": alike / 2, "rank": rank, "clean_rank": clean}
        for draw, users in enumerate(draws)
        for user, (alike, rank, clean) in enumerate(users)
    ]
    return pl.DataFrame(rows)


def test_draws_are_averaged_before_users():
    found = measured({0: frame([(1.0, 1, 1), (0.5, 3, 2)], [(0.0, 2, 1), (0.5, 1, 2)])}, K)
    assert found.seeds == (0,)
    assert found.values["random-added", "FRBO@2"].tolist() == [[0.5, 0.5]]
    assert found.values["random-added", "Jaccard@2"].tolist() == [[0.25, 0.25]]
    assert found.values["random-added", "rank"].tolist() == [[1.5, 2]]
    assert found.values["random-added", "HR@2"].tolist() == [[1, 0.5]]
    second = 1 / math.log2(3)
    assert found.values["random-added", "NDCG@2"][0] == pytest.approx([(1 + second) / 2, 1 / 2])
    assert found.values[CLEAN, "NDCG@2"][0] == pytest.approx([1, second])
    assert found.values[CLEAN, "HR@2"].tolist() == [[1, 1]]


def test_the_summary_has_means_intervals_and_the_share_of_the_clean_value():
    found = measured(
        {0: frame([(1.0, 1, 1), (0.5, 3, 2)]), 1: frame([(1.0, 1, 1), (0.5, 3, 1)])}, K
    )
    rows = {(row["noise"], row["metric"]): row for row in summarise(found).to_dicts()}

    frbo = rows["random-added", "FRBO@2"]
    assert (frbo["mean"], frbo["low"], frbo["high"]) == (0.75, 0.5, 1.0)
    assert frbo["share"] is None
    hits = rows["random-added", "HR@2"]
    assert (hits["mean"], hits["share"]) == (0.5, 0.5)
    assert (hits["share_low"], hits["share_high"]) == (0, 1)  # one user twice, or the other
    assert rows[CLEAN, "HR@2"]["mean"] == 1
    assert rows[CLEAN, "HR@2"]["share"] is None
    assert rows["random-added", "rank"]["share"] == (1 + 3) / 2 / ((1 + 1.5) / 2)


def test_nothing_is_a_share_or_a_multiple_of_0():
    found = measured({0: frame([(1.0, 9, 9), (0.5, 9, 9)])}, K)  # no list has a held-out item
    rows = {(row["noise"], row["metric"]): row for row in summarise(found).to_dicts()}
    for row in (rows["random-added", "HR@2"], rows["random-added", "NDCG@2"]):
        assert (row["mean"], row["share"], row["share_low"], row["share_high"]) == (0, *[None] * 3)

    (test,) = compare(found, found, [("random-added", "HR@2")])
    assert all(map(math.isnan, (test.ratio, test.ratio_low, test.ratio_high)))


def test_users_with_several_questions_count_as_everywhere():
    asked = frame([(1.0, 1, 1), (0.5, 1, 1), (0.0, 1, 1)]).with_columns(user=pl.Series([4, 4, 9]))
    found = measured({0: asked}, K)
    assert found.values["random-added", "FRBO@2"].tolist() == [[2 / 3 * 1.5, 2 / 3 * 0.0]]


def of_seeds(*seeds: int, values: list[list[float]]) -> Measured:
    return Measured(seeds, {("random-added", "FRBO@2"): pl.DataFrame(values).to_numpy().T}, {})


KEYS = [("random-added", "FRBO@2")]


def test_systems_are_compared_over_the_seeds_that_both_have():
    baseline = of_seeds(0, 1, 2, values=[[0.1, 0.3], [0.2, 0.4], [0.9, 0.9]])
    system = of_seeds(0, 1, values=[[0.2, 0.6], [0.4, 0.8]])
    (found,) = compare(system, baseline, KEYS)

    assert found.difference == pytest.approx((0.1 + 0.3 + 0.2 + 0.4) / 4)
    assert found.ratio == pytest.approx(2)
    assert (found.ratio_low, found.ratio_high) == pytest.approx(
        (2, 2)
    )  # seed by seed, user by user
    pair = (system.values[KEYS[0]], baseline.values[KEYS[0]][:2])
    assert (found.low, found.high) == pytest.approx(bootstrap_interval(*pair, pair_seeds=True))
    assert found.p == sign_flip_test(pair[0].mean(0) - pair[1].mean(0))
    assert found.seeds == 2


def test_systems_without_a_common_seed_are_drawn_apart():
    baseline = of_seeds(0, 1, values=[[0.1, 0.3], [0.2, 0.4]])
    system = of_seeds(7, values=[[0.5, 0.5]])
    (found,) = compare(system, baseline, KEYS)
    pair = (system.values[KEYS[0]], baseline.values[KEYS[0]])
    assert (found.low, found.high) == pytest.approx(bootstrap_interval(*pair))
    assert found.seeds == 0


def test_the_numbers_of_ensembles_are_no_seeds_to_pair():
    baseline = of_seeds(0, 1, values=[[0.1, 0.3], [0.2, 0.4]])
    ensemble = of_seeds(0, values=[[0.5, 0.5]])
    (found,) = compare(ensemble, baseline, KEYS, pair_seeds=False)
    assert found.difference == pytest.approx(0.5 - (0.1 + 0.3 + 0.2 + 0.4) / 4)
    assert found.seeds == 0


def test_p_values_are_corrected_for_all_tests_together():
    baseline = of_seeds(0, values=[[user / 100 for user in range(8)]])
    better = of_seeds(0, values=[[user / 100 + 0.5 for user in range(8)]])
    (one,) = compare(better, baseline, KEYS)
    assert one.p == 2 / 2**8
    assert [test.corrected for test in correct([one, one, one])] == pytest.approx([3 * one.p] * 3)


def test_the_seed_floor_compares_all_pairs_of_seeds():
    lists = [tensor([[1, 2], [3, 4]]), tensor([[1, 2], [4, 3]]), tensor([[5, 6], [3, 4]])]
    floor = seed_floor(lists, pl.Series([0, 1]).to_numpy())
    by_user = floor.group_by("user").agg(pl.col("jaccard").mean()).sort("user")
    assert by_user["jaccard"].to_list() == [(1 + 0 + 0) / 3, 1]

    found = measured({0: frame([(1.0, 1, 1), (1.0, 1, 1)])}, K, {SEED_FLOOR: floor})
    rows = {(row["noise"], row["metric"]): row for row in summarise(found).to_dicts()}
    row = rows[SEED_FLOOR, "Jaccard@2"]
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((2 / 3, 1 / 3, 1))
    assert row["share"] is None


def test_rank_list_sensitivity_compares_each_model_with_its_own_retrained_one():
    pairs = [
        (tensor([[1, 2]]), tensor([[1, 2]])),  # nothing has changed
        (tensor([[1, 2]]), tensor([[2, 3]])),
    ]
    found = rank_list_sensitivity(pairs, pl.Series([7]).to_numpy())
    p, norm = 0.9, (1 - 0.9) / (1 - 0.9**2)
    assert found["frbo"].to_list() == pytest.approx([1, norm * p * 1 / 2])
    assert found["jaccard"].to_list() == [1, 1 / 3]
    assert found["pair"].to_list() == [0, 1]


def test_models_that_were_asked_other_questions_can_not_be_compared():
    with pytest.raises(MiqrecError, match="lists of 2 and 1 questions"):
        rank_list_sensitivity([(tensor([[1], [2]]), tensor([[1]]))], pl.Series([0, 1]).to_numpy())


def test_one_model_has_no_other_to_be_compared_with():
    for pairs in (seed_floor, rank_list_sensitivity):
        with pytest.raises(MiqrecError, match="no two models to compare"):
            pairs([], pl.Series([0]).to_numpy())


@pytest.mark.parametrize(
    "other", [frame([(1.0, 1, 1)]), frame([(1.0, 1, 1), (0.5, 3, 2)], noise="newest-dropped")]
)
def test_seeds_that_were_measured_otherwise_are_not_averaged(other):
    with pytest.raises(MiqrecError, match="where their questions or noises differ"):
        measured({0: frame([(1.0, 1, 1), (0.5, 3, 2)]), 1: other}, K)
    with pytest.raises(MiqrecError, match="no seed of the system was measured"):
        measured({}, K)


def test_systems_are_compared_by_what_both_have():
    system = of_seeds(0, values=[[0.1, 0.3]])
    assert compare(system, system, []) == []
    with pytest.raises(MiqrecError, match="NDCG@2 under random-added was not measured for both"):
        compare(system, system, [("random-added", "NDCG@2")])
