"""Values by user: their mean over users is the metric, however many questions each user was asked."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.statistics import bootstrap_interval, per_user, sign_flip_test, spread


def test_a_user_has_the_sum_of_the_questions_scaled_to_the_mean_over_questions():
    users = np.array([4, 9, 4, 4])
    values = np.array([[1.0, 0.5, 0.0, 0.25], [0.0, 1.0, 1.0, 1.0]])

    # 2 users, 4 questions
    assert per_user(values, users).tolist() == [
        [(1.0 + 0.0 + 0.25) * 2 / 4, 0.5 * 2 / 4],
        [(0.0 + 1.0 + 1.0) * 2 / 4, 1.0 * 2 / 4],
    ]


def test_with_a_question_each_users_have_the_values_of_their_questions():
    values = np.random.default_rng(0).random((3, 50))

    assert per_user(values, np.arange(50)).tolist() == values.tolist()


QUESTIONS = st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), min_size=1, max_size=30)


@given(QUESTIONS)
@settings(max_examples=50, deadline=None)
def test_the_mean_over_users_is_the_mean_over_questions(questions):
    users, values = (np.array(column) for column in zip(*questions, strict=True))
    by_user = per_user(values[None], users)

    assert by_user.shape == (1, len(set(users)))
    assert by_user.mean() == pytest.approx(values.mean())


@given(QUESTIONS, st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_questions_does_not_matter(questions, random):
    shuffled = random.sample(questions, len(questions))
    one, other = (
        per_user(np.array([[value for _, value in rows]]), np.array([user for user, _ in rows]))
        for rows in (questions, shuffled)
    )

    assert one == pytest.approx(other)


def test_questions_of_one_user_are_no_independent_evidence():
    """A hundred equal answers of a user who was asked a hundred times count as one user's."""
    values, users = np.ones((1, 300)), np.repeat([0, 1, 2], 100)
    baseline = np.zeros((1, 300))

    assert sign_flip_test((values - baseline)[0]) < 0.001
    assert sign_flip_test(per_user(values - baseline, users)[0]) == 2 / 2**3


def test_an_interval_over_users_is_wider_than_one_over_their_questions():
    generator = np.random.default_rng(0)
    tastes = generator.normal(size=40)
    users = np.repeat(np.arange(40), 25)
    values = tastes[users][None] + generator.normal(size=(1, 1000))
    nothing = np.zeros_like(values)

    def width(system, baseline):
        low, high = bootstrap_interval(system, baseline, draws=500)
        return high - low

    by_user = width(per_user(values, users), per_user(nothing, users))
    assert by_user > 3 * width(values, nothing)
    assert by_user == pytest.approx(2 * 1.96 * tastes.std() / math.sqrt(40), rel=0.15)


@pytest.mark.parametrize(
    ("values", "users"),
    [
        (np.ones((2, 3)), np.zeros(2, int)),
        (np.ones(3), np.zeros(3, int)),
        (np.ones((2, 0)), np.zeros(0, int)),
    ],
)
def test_what_does_not_fit_is_refused(values, users):
    with pytest.raises(MiqrecError, match=r"give \(seeds, questions\) and \(questions,\)"):
        per_user(values, users)


def test_mean_and_standard_deviation_over_seeds():
    over_seeds = spread(np.array([0.1, 0.3]))

    assert over_seeds.mean == pytest.approx((0.1 + 0.3) / 2)
    assert over_seeds.deviation == pytest.approx(math.sqrt((0.1**2 + 0.1**2) / (2 - 1)))
    assert math.isnan(spread(np.array([0.1])).deviation)
