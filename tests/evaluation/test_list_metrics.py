"""Metrics of lists: by hand, beside ranx, and what must hold for any lists."""

from math import log2

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.evaluation.list_metrics import (
    attribute_diversity,
    coverage,
    gini,
    mean,
    ndcg,
    novelty,
    precision,
    recall,
    vector_diversity,
)


def to_lists(**lists: str) -> pl.DataFrame:
    """One letter an item, the best first: `to_lists(ann="abc")`."""
    rows = [(user, i, r) for user, items in lists.items() for r, i in enumerate(items, start=1)]
    return pl.DataFrame(rows, schema=["user", "item", "rank"], orient="row")


def to_log(**items: str) -> pl.DataFrame:
    return to_lists(**items).drop("rank")


def by_user(values: pl.DataFrame) -> dict[str, float]:
    assert values.columns == ["user", "value"]
    return dict(values.iter_rows())


LISTS = to_lists(ann="abcd", bob="cba", eve="xy")
TARGETS = to_log(ann="bdf", bob="c", zoe="a")  # nothing is known of eve, and zoe has no list


class TestHits:
    def test_recall_is_the_share_of_the_targets_that_are_hit(self):
        assert by_user(recall(LISTS, TARGETS, 3)) == {"ann": 1 / 3, "bob": 1 / 1, "zoe": 0 / 1}
        assert by_user(recall(LISTS, TARGETS, 4)) == {"ann": 2 / 3, "bob": 1 / 1, "zoe": 0 / 1}

    def test_precision_is_the_share_of_k_places_that_hit(self):
        assert by_user(precision(LISTS, TARGETS, 4)) == {"ann": 2 / 4, "bob": 1 / 4, "zoe": 0 / 4}

    def test_ndcg_compares_with_a_list_that_begins_with_the_targets(self):
        best_of_three = 1 / log2(2) + 1 / log2(3) + 1 / log2(4)
        assert by_user(ndcg(LISTS, TARGETS, 4)) == pytest.approx(
            {"ann": (1 / log2(3) + 1 / log2(5)) / best_of_three, "bob": 1, "zoe": 0}
        )
        best_of_two = 1 / log2(2) + 1 / log2(3)
        assert by_user(ndcg(LISTS, TARGETS, 2))["ann"] == pytest.approx(1 / log2(3) / best_of_two)

    @pytest.mark.parametrize("metric", [recall, precision, ndcg])
    def test_a_target_counts_once_however_often_it_was_gone_for(self, metric):
        often = pl.concat([TARGETS, TARGETS.head(1)])
        assert metric(LISTS, often, 3).equals(metric(LISTS, TARGETS, 3))

    def test_the_mean_is_over_users_with_a_target(self):
        assert mean(recall(LISTS, TARGETS, 3)) == pytest.approx((1 / 3 + 1 + 0) / 3)

    @pytest.mark.filterwarnings("ignore:unsafe cast")  # numba, inside ranx
    def test_agree_with_ranx(self):
        ranx = pytest.importorskip("ranx")
        generator = np.random.default_rng(0)
        items = np.array([generator.permutation(30)[:10] for _ in range(25)])
        wanted = [generator.permutation(30)[: generator.integers(1, 15)] for _ in range(25)]
        run = {
            f"u{u}": {f"i{i}": 10.0 - r for r, i in enumerate(row)} for u, row in enumerate(items)
        }
        qrels = {f"u{u}": {f"i{i}": 1 for i in row} for u, row in enumerate(wanted)}
        lists = pl.DataFrame(
            [(u, i, 11 - int(score)) for u, row in run.items() for i, score in row.items()],
            schema=["user", "item", "rank"],
            orient="row",
        )
        targets = pl.DataFrame(
            [(u, i) for u, row in qrels.items() for i in row], schema=["user", "item"], orient="row"
        )
        names = [f"{name}@{k}" for name in ("recall", "precision", "ndcg") for k in (3, 10)]
        theirs = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), names)
        ours = [mean(f(lists, targets, k)) for f in (recall, precision, ndcg) for k in (3, 10)]
        assert ours == pytest.approx([theirs[name] for name in names])


class TestCatalogue:
    def test_coverage_is_the_share_of_items_in_any_list(self):
        assert coverage(LISTS, n_items=10, k=4) == len("abcdxy") / 10
        assert coverage(LISTS, n_items=10, k=1) == len("acx") / 10

    def test_gini_of_some_recommended_more_often_than_others(self):
        lists = to_lists(ann="ab", bob="a", eve="a")  # of four items: 0, 0, 1, 3 times
        expected = (-3 * 0 - 1 * 0 + 1 * 1 + 3 * 3) / (4 * (0 + 0 + 1 + 3))
        assert gini(lists, n_items=4, k=2) == pytest.approx(expected)

    def test_gini_is_0_where_all_are_alike_and_highest_where_one_has_all(self):
        assert gini(to_lists(ann="ab", bob="cd"), n_items=4, k=2) == 0
        assert gini(to_lists(ann="a", bob="a"), n_items=4, k=1) == pytest.approx(1 - 1 / 4)

    def test_more_items_than_the_catalogue_has_are_refused(self):
        with pytest.raises(MiqrecError, match="hold 6 items, and the catalogue only 5"):
            coverage(LISTS, n_items=5, k=4)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.permutations("abcdef"), min_size=1, max_size=8), st.integers(1, 6))
    def test_gini_lies_between_0_and_1_and_coverage_too(self, lists, k):
        frame = to_lists(**{f"u{i}": "".join(each) for i, each in enumerate(lists)})
        assert 0 <= gini(frame, 7, k) < 1
        assert k / 7 <= coverage(frame, 7, k) <= 6 / 7


class TestNovelty:
    def test_it_is_the_mean_of_the_bits_of_each_item(self):
        log = to_log(ann="ab", bob="a", eve="a", zoe="c")
        lists = to_lists(ann="ac", bob="bc")
        bits = {"a": log2(4 / 3), "b": log2(4 / 1), "c": log2(4 / 1)}
        assert by_user(novelty(lists, log, 2)) == pytest.approx(
            {"ann": (bits["a"] + bits["c"]) / 2, "bob": (bits["b"] + bits["c"]) / 2}
        )

    def test_whoever_had_an_item_twice_counts_once(self):
        log = to_log(ann="ab", bob="a")
        again = pl.concat([log, log])
        assert novelty(LISTS, log, 4).equals(novelty(LISTS, again, 4))

    def test_an_item_that_nobody_had_counts_as_had_by_one(self):
        log = to_log(ann="a", bob="b", eve="b")
        assert by_user(novelty(to_lists(ann="n"), log, 1)) == pytest.approx({"ann": log2(3 / 1)})


class TestDiversity:
    ITEMS = pl.DataFrame(
        {"item": list("abcd"), "attributes": [["rock", "live"], ["rock"], ["jazz"], []]}
    )

    def test_by_attributes_it_is_the_mean_distance_of_pairs(self):
        lists = to_lists(ann="abc", bob="ab")
        distances = {"ab": 1 - 1 / 2, "ac": 1 - 0 / 3, "bc": 1 - 0 / 2}
        assert by_user(attribute_diversity(lists, self.ITEMS, 3)) == pytest.approx(
            {"ann": sum(distances.values()) / 3, "bob": distances["ab"]}
        )

    def test_items_without_attributes_take_no_part(self):
        lists = to_lists(ann="adb", bob="ad")
        assert by_user(attribute_diversity(lists, self.ITEMS, 3)) == {"ann": 1 - 1 / 2}

    def test_by_vectors_it_is_the_mean_distance_of_pairs(self):
        vectors = np.array([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
        lists = to_lists(ann="abc", bob="ac", eve="b")
        found = by_user(vector_diversity(lists, pl.Series(list("abc")), vectors, 3))
        assert found == pytest.approx({"ann": ((1 - 0) + (1 + 1) + (1 - 0)) / 3, "bob": 1 + 1})

    @settings(max_examples=50, deadline=None)
    @given(st.permutations("abcdef"), st.integers(0, 1000), st.integers(2, 6))
    def test_by_vectors_the_sum_agrees_with_the_pairs_one_by_one(self, items, seed, k):
        vectors = np.random.default_rng(seed).normal(size=(6, 3))
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        top = ["abcdef".index(item) for item in items[:k]]
        pairs = [(i, j) for n, i in enumerate(top) for j in top[n + 1 :]]
        expected = np.mean([1 - units[i] @ units[j] for i, j in pairs])
        lists = to_lists(ann="".join(items))
        found = vector_diversity(lists, pl.Series(list("abcdef")), vectors, k)
        assert by_user(found) == pytest.approx({"ann": expected})

    def test_an_item_without_a_vector_is_named(self):
        with pytest.raises(MiqrecError, match="item b has no vector"):
            vector_diversity(to_lists(ann="ab"), pl.Series(["a"]), np.ones((1, 2)), 2)


class TestRefusals:
    def test_no_list_and_no_target(self):
        with pytest.raises(MiqrecError, match="there are no lists to measure"):
            recall(LISTS.clear(), TARGETS, 3)
        with pytest.raises(MiqrecError, match="there are no targets to measure"):
            recall(LISTS, TARGETS.clear(), 3)

    def test_a_cutoff_below_1(self):
        with pytest.raises(MiqrecError, match="the cutoff k is 0"):
            coverage(LISTS, 10, 0)

    def test_what_is_no_list(self):
        with pytest.raises(MiqrecError, match="an item stands twice"):
            coverage(to_lists(ann="aba"), 10, 3)
        with pytest.raises(MiqrecError, match="ranks must be whole numbers from 1 upwards"):
            coverage(LISTS.with_columns(rank=pl.lit(1)), 10, 3)

    def test_ids_of_two_types(self):
        numbers = pl.DataFrame({"user": ["ann"], "item": [1]})
        with pytest.raises(MiqrecError, match="the column item is Int64 in one frame and String"):
            recall(LISTS, numbers, 3)
