"""Vectors from attributes, against ridge regression worked out by hand and in plain loops."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.models import likeness
from miqrec.models.likeness import tellable, vectors_like

LISTS = st.lists(st.lists(st.sampled_from("abcd"), unique=True), min_size=1, max_size=9)


def lists(*attributes: list[str]) -> pl.Series:
    return pl.Series(attributes, dtype=pl.List(pl.String))


def test_an_item_is_put_among_those_with_its_attribute_half_way_for_a_single_one():
    known = lists(["red"], ["blue"])
    vectors = np.array([[1.0, 0], [-1, 0]], np.float32)  # the mean is 0
    new = vectors_like(known, vectors, lists(["red"], ["blue"], ["green"], []))
    assert new.tolist() == [[0.5, 0], [-0.5, 0], [0, 0], [0, 0]]


def test_the_more_items_have_an_attribute_the_more_it_says():
    known = lists(*[["red"]] * 9, *[["blue"]] * 9)
    vectors = np.array([[1.0]] * 9 + [[-1.0]] * 9, np.float32)
    assert vectors_like(known, vectors, lists(["red"])).item() == pytest.approx(9 / 10)


@settings(max_examples=50, deadline=None)
@given(LISTS, LISTS, st.integers(1, 4))
def test_it_is_ridge_regression_whatever_the_size_of_the_parts(known, new, rows):
    names = sorted({name for attributes in known for name in attributes})
    vectors = np.random.default_rng(len(known)).normal(size=(len(known), 3)).astype(np.float32)
    design = [np.array([[n in a for n in names] for a in part], float) for part in (known, new)]
    x, z = (
        each.reshape(len(part), len(names)) for each, part in zip(design, (known, new), strict=True)
    )
    mean = vectors.mean(0)
    weights = np.linalg.solve(x.T @ x + np.eye(len(names)), x.T @ (vectors - mean))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likeness, "ROWS", rows)
        found = vectors_like(lists(*known), vectors, lists(*new))
    np.testing.assert_allclose(found, mean + z @ weights, atol=1e-5)


def test_the_most_frequent_attributes_are_told_apart(monkeypatch):
    monkeypatch.setattr(likeness, "MOST", 2)
    assert tellable(lists(["b", "a"], ["b", "c"], ["b", "a"])).to_list() == ["b", "a"]
