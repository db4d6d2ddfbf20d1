"""Fewer questions: those at some places, or those of some users, whom the seed chooses."""

import numpy as np

from miqrec.data.histories import Questions, some_questions
from miqrec.errors import MiqrecError
from miqrec.stability.draws import uniforms

SAMPLE = 2
"""The step of the random stream that chooses users; those of a user's noise are smaller."""


def sample_users(questions: Questions, n: int, seed: int) -> Questions:
    """Take the questions of n users, whom the seed chooses: the same for all systems.

    Raises:
        MiqrecError: n is below 2, which no interval can be had for.
    """
    if n < 2:
        raise MiqrecError(f"{n} users are too few to measure anything: give at least 2")
    users = np.unique(questions.users)
    numbers = uniforms(seed, 0, users, np.zeros_like(users), step=SAMPLE)
    chosen = users[np.argsort(numbers)[:n]]
    return some_questions(questions, np.flatnonzero(np.isin(questions.users, chosen)))
