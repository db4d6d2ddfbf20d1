import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.training.negatives import (
    Unseen,
    draw,
    in_batch_weights,
    log_probabilities,
    popularity_weights,
    uniform_weights,
)

K = 20_000


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def chi_square(negatives, chances):
    """Pearson's statistic of the drawn items against {item: chance}; none other may occur."""
    counts = torch.bincount(negatives.flatten()).tolist()
    assert sum(counts) == sum(counts[item] for item in chances)
    expected = {item: chance * negatives.numel() for item, chance in chances.items()}
    return sum((counts[item] - e) ** 2 / e for item, e in expected.items())


UPPER = {2: 13.8, 3: 16.3}  # chi-square's 99.9 % points by degrees of freedom


def test_uniform_draws_every_other_item_alike():
    negatives = draw(uniform_weights(4), tensor([3]), K, generator=seeded())
    assert chi_square(negatives, {1: 1 / 3, 2: 1 / 3, 4: 1 / 3}) < UPPER[2]


def test_popularity_draws_by_the_power_of_the_count():
    weights = popularity_weights(tensor([7, 16, 0, 1, 81, 4]), power=0.5)  # 4, 0, 1, 9, 2
    negatives = draw(weights, tensor([3]), K, generator=seeded())
    assert chi_square(negatives, {1: 4 / 15, 4: 9 / 15, 5: 2 / 15}) < UPPER[2]


def test_power_zero_is_uniform_and_knows_no_padding():
    weights = popularity_weights(tensor([7, 16, 0, 1]), power=0)
    assert weights[0] == 0
    assert weights[1] == weights[2] == weights[3] > 0


def test_in_batch_draws_the_other_targets_as_often_as_they_occur():
    targets = tensor([2, 5, 5, 5, 7])
    negatives = draw(in_batch_weights(targets, n_items=9), targets[:1], K, generator=seeded())
    assert chi_square(negatives, {5: 3 / 4, 7: 1 / 4}) < 10.8  # one degree of freedom


def test_in_batch_with_one_and_the_same_target_falls_back_to_uniform():
    assert in_batch_weights(tensor([2, 2, 2]), n_items=4).equal(uniform_weights(4))


def test_log_probabilities_are_those_of_a_draw():
    weights = tensor([0, 4, 0, 1, 9, 2])
    logs = log_probabilities(weights, tensor([3, 4]), tensor([[1, 4], [1, 3]]))
    expected = tensor([[4 / 15, 9 / 15], [4 / 7, 1 / 7]]).log()
    torch.testing.assert_close(logs, expected)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=12), st.data())
def test_negatives_are_never_the_target_nor_weightless(weights, data):
    heavy = [i for i, weight in enumerate(weights, start=1) if weight]
    targets = data.draw(st.lists(st.integers(1, len(weights)), min_size=1, max_size=5))
    if any(set(heavy) <= {target} for target in targets):
        return
    negatives = draw(tensor([0, *weights]), tensor(targets), 50, generator=seeded())
    for target, row in zip(targets, negatives.tolist(), strict=True):
        assert set(row) <= set(heavy) - {target}


def test_unseen_draws_in_proportion_among_what_the_user_has_not_had():
    weights = tensor([0, 4, 6, 1, 9, 2])
    unseen = Unseen.from_history(
        weights, users=tensor([0, 1, 1, 1, 2]), items=tensor([1, 4, 2, 4, 5])
    )
    users = tensor([0, 1, 2])
    negatives = unseen.draw(users, tensor([1, 2, 5]), K, generator=seeded())
    assert chi_square(negatives[0], {2: 6 / 18, 3: 1 / 18, 4: 9 / 18, 5: 2 / 18}) < UPPER[3]
    assert chi_square(negatives[1], {1: 4 / 7, 3: 1 / 7, 5: 2 / 7}) < UPPER[2]
    assert chi_square(negatives[2], {1: 4 / 20, 2: 6 / 20, 3: 1 / 20, 4: 9 / 20}) < UPPER[3]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_unseen_draws_are_never_seen_and_reach_everything_else(data):
    n_items = data.draw(st.integers(2, 6))
    weights = data.draw(st.lists(st.integers(0, 2), min_size=n_items, max_size=n_items))
    history = st.lists(st.integers(1, n_items), min_size=1, max_size=6)
    histories = data.draw(st.lists(history, min_size=1, max_size=4))
    left = [{i for i in range(1, n_items + 1) if weights[i - 1]} - set(seen) for seen in histories]
    users = tensor([user for user, reachable in enumerate(left) if reachable])
    if not len(users):
        return
    flat = [(user, item) for user, seen in enumerate(histories) for item in seen]
    unseen = Unseen.from_history(tensor([0, *weights]), *tensor(flat).T)
    targets = tensor([histories[user][-1] for user in users])
    negatives = unseen.draw(users, targets, 300, generator=seeded())
    for user, row in zip(users.tolist(), negatives.tolist(), strict=True):
        assert set(row) == left[user]


def test_a_user_who_has_seen_everything_gets_all_but_the_target():
    unseen = Unseen.from_history(uniform_weights(3), tensor([0, 0, 0, 1]), tensor([1, 2, 3, 1]))
    negatives = unseen.draw(tensor([0, 1]), tensor([2, 1]), 200, generator=seeded())
    assert set(negatives[0].tolist()) == {1, 3}
    assert set(negatives[1].tolist()) == {2, 3}


def test_unseen_refuses_targets_from_outside_the_history():
    unseen = Unseen.from_history(uniform_weights(3), tensor([0]), tensor([1]))
    with pytest.raises(MiqrecError, match="missing from its user's history"):
        unseen.draw(tensor([0]), tensor([2]), 100, generator=seeded())


def test_unseen_has_room_for_many_users_of_popularity_weights():
    weights = popularity_weights(tensor([0, 10**9, 1, 1]), power=1.0)
    users = tensor([2**20, 2**20])
    unseen = Unseen.from_history(weights, users, tensor([1, 2]))
    assert (unseen.draw(users[:1], tensor([1]), 100, generator=seeded()) == 3).all()


def test_a_catalogue_of_one_item_has_no_negatives():
    with pytest.raises(MiqrecError, match="no item but the target"):
        draw(uniform_weights(1), tensor([1]), 1, generator=seeded())


def test_draws_follow_the_generator():
    weights, targets = uniform_weights(1000), torch.arange(1, 51)
    unseen = Unseen.from_history(weights, torch.zeros(50, dtype=torch.int64), targets)
    users = torch.zeros(50, dtype=torch.int64)
    once, again, other = (draw(weights, targets, 4, generator=seeded(s)) for s in (1, 1, 2))
    assert once.equal(again)
    assert not once.equal(other)
    once, again = (unseen.draw(users, targets, 4, generator=seeded(1)) for _ in range(2))
    assert once.equal(again)


def test_no_targets_no_negatives():
    none = torch.zeros(0, dtype=torch.int64)
    assert draw(uniform_weights(3), none, 2, generator=seeded()).shape == (0, 2)
