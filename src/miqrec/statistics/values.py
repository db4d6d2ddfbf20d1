"""A metric's values by user, and how they are summed up."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError

Values = npt.NDArray[np.float64]


def per_user(values: Values, users: npt.NDArray[np.int64]) -> Values:
    """Sum the values of each user's questions, scaled so that means over users are means over questions.

    Where the test split is cut in time a user is asked several questions, whose outcomes depend on each
    other; it is users that were drawn at random, and users that the tests and intervals draw again. With
    U users, Q questions and the value v_q of question q, a user's value is

        V_u = U / Q * sum of v_q over the questions q of user u

    so that the mean of V over users is the mean of v over questions, the metric itself. A user who is
    asked more often counts for more, as in the metric. With one question a user, V_u is v_q.

    A resampled mean keeps the factor U / Q of all users, though the users that are drawn may have been
    asked a few questions more or fewer.

    Args:
        values: (seeds, questions) the metric's value of each question.
        users: (questions,) the user of each.

    Returns:
        (seeds, users) in the order of the users' numbers.

    Raises:
        MiqrecError: the shapes don't fit, or there are no questions.
    """
    if values.ndim != 2 or users.shape != values.shape[1:] or not len(users):
        raise MiqrecError(
            f"values of shape {values.shape} and users of shape {users.shape} don't fit: give "
            "(seeds, questions) and (questions,)"
        )
    order = np.argsort(users, kind="stable")
    starts = np.flatnonzero(np.diff(users[order], prepend=users[order[0]] - 1))
    sums: Values = np.add.reduceat(values[:, order], starts, axis=1)
    return sums * (len(starts) / len(users))


class Spread(NamedTuple):
    """The mean over seeds and its standard deviation (ddof 1; nan with one seed)."""

    mean: float
    deviation: float


def spread(scores: Values) -> Spread:
    """Return mean and standard deviation of (seeds,) scores."""
    deviation = float(scores.std(ddof=1)) if len(scores) > 1 else math.nan
    return Spread(float(scores.mean()), deviation)


def standardised(differences: Values) -> float:
    """Return the effect size d_z, the mean of (users,) paired differences over their deviation."""
    return ratio(float(differences.mean()), float(differences.std(ddof=1)))


def ratio(numerator: float, denominator: float) -> float:
    """Divide; over 0, which happens where nothing varies, the quotient is infinite, or 0 for 0."""
    if denominator == 0:
        return math.copysign(math.inf, numerator) if numerator else 0.0
    return numerator / denominator
