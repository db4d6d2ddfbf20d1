"""Two sets of lists side by side: on paper, and beside the similarity of tensors."""

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.monitoring import compare_lists, jensen_shannon, list_overlap, overlaps
from miqrec.stability.similarity import frbo, jaccard

ITEMS = "abcdefgh"


def to_lists(source: str | None = None, **lists: str) -> pl.LazyFrame:
    """One letter an item, the best first: `to_lists(ann="abc")`."""
    rows = [(user, i, r) for user, items in lists.items() for r, i in enumerate(items, start=1)]
    frame = pl.LazyFrame(
        rows, schema={"user": pl.String, "item": pl.String, "rank": pl.Int64}, orient="row"
    )
    return frame if source is None else frame.with_columns(source=pl.lit(source))


OLD = to_lists("model", ann="abc", bob="abc", eve="ab")
NEW = to_lists("model", ann="abc", bob="bad", zoe="ad")


def test_users_are_lost_and_gained():
    users = compare_lists(OLD, NEW).users
    assert (users.old, users.new, users.lost, users.gained) == (3, 3, 1, 1)


def test_overlap_on_paper():
    """Of bob's lists, abc and bad: 0 of 1, 2 of 2, 2 of 3 places are common, and 2 of 4 items."""
    found = compare_lists(OLD, NEW)
    bob = 0.1 / (1 - 0.9**3) * (0 / 1 + 0.9 * 2 / 2 + 0.81 * 2 / 3)
    assert found.frbo.mean == pytest.approx((1 + bob) / 2)
    assert found.jaccard.mean == pytest.approx((1 + 2 / 4) / 2)
    assert found.identical == 1 / 2
    assert found.kept == pytest.approx((1 + bob + 0) / 3)  # eve's list is lost
    assert found.frbo.quantiles["0.5"] == pytest.approx((1 + bob) / 2)


def test_items_come_and_go():
    found = compare_lists(OLD, NEW)
    assert (found.n_appeared, found.appeared) == (1, ("d",))
    assert (found.n_disappeared, found.disappeared) == (0, ())
    assert (found.old.items, found.old.coverage) == (3, 3 / 4)
    counts = [3, 3, 2, 0], [3, 2, 1, 2]  # a, b, c, d
    expected = jensen_shannon(*(torch.tensor(each).numpy() for each in counts))
    assert found.exposure_shift == pytest.approx(expected)


def test_the_share_of_users_whom_popularity_answered():
    new = pl.concat([NEW, to_lists("popularity", kim="ab", pat="ba")])
    found = compare_lists(OLD, new)
    assert (found.old.popularity_answers, found.new.popularity_answers) == (0, 2 / 5)
    assert compare_lists(OLD.drop("source"), new).old.popularity_answers is None


def test_lists_of_other_lengths_are_compared_as_they_are():
    found = compare_lists(to_lists(ann="ab"), to_lists(ann="abcd"))
    expected = 0.1 / (1 - 0.9**4) * (1 + 0.9 + 0.81 * 2 / 3 + 0.729 * 2 / 4)
    assert found.frbo.mean == pytest.approx(expected)
    assert found.jaccard.mean == 2 / 4
    assert found.identical == 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8).flatmap(
        lambda k: st.lists(
            st.tuples(*[st.permutations(ITEMS).map(lambda items: items[:k])] * 2), min_size=1
        )
    )
)
def test_overlaps_are_those_of_stability(pairs):
    one, other = (
        torch.tensor([[ITEMS.index(i) + 1 for i in pair[side]] for pair in pairs])
        for side in (0, 1)
    )
    sets = [
        to_lists(**{f"u{u}": "".join(pair[side]) for u, pair in enumerate(pairs)})
        for side in (0, 1)
    ]
    k = one.shape[1]
    each = [list_overlap(*pair) for pair in pairs]
    assert each == pytest.approx(frbo(one, other, k).tolist())
    found = overlaps(*sets)
    assert found["frbo"].mean() == pytest.approx(float(frbo(one, other, k).mean()))
    assert found["jaccard"].mean() == pytest.approx(float(jaccard(one, other, k).mean()))


def test_one_list_beside_another():
    assert list_overlap("abc", "bad") == pytest.approx(
        0.1 / (1 - 0.9**3) * (0 / 1 + 0.9 * 2 / 2 + 0.81 * 2 / 3)
    )
    assert list_overlap("ab", "ab") == pytest.approx(1)
    assert (list_overlap("ab", ""), list_overlap("", "")) == (0, 1)


def test_a_set_is_fully_alike_to_itself():
    found = compare_lists(OLD, OLD)
    assert (found.kept, found.identical, found.exposure_shift) == (pytest.approx(1), 1, 0)


def test_sets_without_a_common_user_or_item_have_nothing_in_common():
    found = compare_lists(to_lists(ann="ab"), to_lists(ann="cd"))
    assert (found.kept, found.frbo.mean, found.exposure_shift) == (0, 0, pytest.approx(1))
    found = compare_lists(to_lists(ann="ab"), to_lists(bob="ab"))
    assert (found.kept, found.users.lost, found.users.gained) == (0, 1, 1)


def test_what_is_no_list_is_refused():
    with pytest.raises(MiqrecError, match="the new lists are empty"):
        compare_lists(OLD, to_lists("model"))
    with pytest.raises(MiqrecError, match=r"the old lists have a user whose ranks are not 1, 2, 3"):
        compare_lists(OLD.with_columns(rank=pl.lit(1)), NEW)
