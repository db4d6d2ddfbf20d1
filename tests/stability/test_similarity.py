"""How alike lists are: worked out on paper, and what must hold for any lists."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.stability import frbo, jaccard

LISTS = st.permutations(range(1, 9)).map(lambda items: tensor(items[:5]))
SIMILARITIES = [frbo, jaccard]


def test_frbo_of_two_lists_of_three():
    a, b = tensor([1, 2, 3]), tensor([2, 1, 4])
    # overlaps by depth: {1} and {2}: 0; {1, 2} and {2, 1}: 2; then 4 and 3 are not shared: 2
    p = 0.9
    by_hand = (1 - p) / (1 - p**3) * (0 / 1 + p * 2 / 2 + p**2 * 2 / 3)
    assert frbo(a, b, 3).item() == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.53137, abs=1e-5)


def test_frbo_of_one_shared_item_depends_on_its_place():
    p, norm = 0.5, (1 - 0.5) / (1 - 0.5**2)
    assert frbo(tensor([1, 2]), tensor([1, 3]), 2, p).item() == pytest.approx(
        norm * (1 + p * 1 / 2)
    )
    assert frbo(tensor([2, 1]), tensor([3, 1]), 2, p).item() == pytest.approx(
        norm * (0 + p * 1 / 2)
    )


def test_jaccard_counts_the_shared_and_the_whole():
    assert jaccard(tensor([1, 2, 3]), tensor([3, 4, 1]), 3).item() == 2 / 4
    assert jaccard(tensor([1, 2, 3]), tensor([3, 4, 1]), 1).item() == 0


def test_places_beyond_k_do_not_matter():
    a, b = tensor([1, 2, 3]), tensor([1, 2, 4])
    assert frbo(a, b, 2).item() == pytest.approx(1)
    assert jaccard(a, b, 2).item() == 1


def test_a_list_that_ends_early_is_alike_to_itself_and_not_to_a_longer_one():
    short, longer = tensor([1, 2, 0]), tensor([1, 2, 3])
    assert frbo(short, short, 3).item() == pytest.approx(1)
    assert jaccard(short, short, 3).item() == 1
    assert jaccard(short, longer, 3).item() == 2 / 4
    assert frbo(short, longer, 3) == frbo(longer, tensor([1, 2, 4]), 3)
    assert jaccard(tensor([1, 0, 0]), tensor([0, 0, 0]), 3).item() == 2 / 4


def test_many_lists_are_compared_at_once():
    a = torch.randint(1, 20, (2, 7, 10))
    b = torch.randint(1, 20, (2, 7, 10))
    for similarity in SIMILARITIES:
        rows = [similarity(x, y, 10) for x, y in zip(a.view(14, 10), b.view(14, 10), strict=True)]
        assert torch.equal(similarity(a, b, 10).flatten(), torch.stack(rows))


@given(LISTS, LISTS)
@settings(deadline=None, max_examples=50)
def test_similarity_is_a_share_symmetric_and_1_for_equal_lists_alone(a, b):
    for similarity in SIMILARITIES:
        value = similarity(a, b, 5).item()
        assert 0 <= value <= 1
        assert value == similarity(b, a, 5).item()
        assert similarity(a, a, 5).item() == pytest.approx(1)
    assert (frbo(a, b, 5).item() > 1 - 1e-9) == torch.equal(a, b)
    assert (jaccard(a, b, 5).item() == 1) == (set(a.tolist()) == set(b.tolist()))


def test_similarity_falls_on_average_with_every_item_that_is_replaced():
    generator = torch.Generator().manual_seed(0)
    lists = torch.stack([torch.randperm(50, generator=generator)[:10] + 1 for _ in range(300)])
    order = torch.stack([torch.randperm(10, generator=generator) for _ in range(300)])
    means = {similarity: [] for similarity in SIMILARITIES}
    for n in range(11):
        noisy = lists.scatter_add(1, order[:, :n], torch.full((300, n), 100))
        for similarity in SIMILARITIES:
            means[similarity].append(similarity(lists, noisy, 10).mean().item())
    for falling in means.values():
        assert falling == sorted(falling, reverse=True)
        assert falling[0] == pytest.approx(1)
        assert falling[-1] == 0


@pytest.mark.parametrize(
    ("a", "b", "k", "p", "message"),
    [
        (tensor([1, 2]), tensor([1, 2, 3]), 2, 0.9, "same shape"),
        (tensor([1, 2]), tensor([1, 2]), 3, 0.9, "at least k places"),
        (tensor([1, 2]), tensor([1, 2]), 0, 0.9, "k = 0"),
        (tensor([1, 2]), tensor([1, 2]), 2, 1.0, "between 0 and 1"),
    ],
)
def test_lists_that_can_not_be_compared_are_refused(a, b, k, p, message):
    with pytest.raises(MiqrecError, match=message):
        frbo(a, b, k, p)
