"""Fewer questions: those at some places, or those of some users, whom the seed chooses."""

from dataclasses import replace

import numpy as np

from miqrec.data.histories import Integers, Questions
from miqrec.errors import MiqrecError
from miqrec.stability.draws import uniforms

SAMPLE = 2
"""The step of the random stream that chooses users; those of a user's noise are smaller."""


def some_questions(questions: Questions, rows: Integers) -> Questions:
    """Take the questions at these places, in their order."""
    chosen = {
        name: getattr(questions, name)[rows] for name in ("users", "starts", "stops", "targets")
    }
    return replace(questions, **chosen)


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
