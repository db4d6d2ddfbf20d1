r"""Weights of the newest n answers in a late mixture: given, learned, or adapted to each history.

A learned mixture has one logit z_j for each answer, j = 0 being the newest. The newest's weight stays below
a bound c, since a clean likelihood alone would give it nearly all, and stability with it:

    a_0 = c softmax(z)_0        a_j = (1 - a_0) softmax(z_1 .. z_{n-1})_j

An adaptive mixture adds u . h_{t-j} to z_j: every state rates its own answer, so that an odd item's state
can say so, and the weights follow the history. Answers from before the first item are left out, and the
others' weights are divided by their sum.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import read_weights
from miqrec.evaluation.mixture import answer_shares
from miqrec.models.protocol import Learner, Model, learns
from miqrec.training.config import TrainingConfig

NEWEST_AT_FIRST = 5 / 6
"""The newest answer's share of its bound before training; each older one has half of the one after it."""


class Mixture(nn.Module, ABC):
    """The weights of n answers.

    Attributes:
        n: How many of the newest positions answer.
    """

    n: int

    def forward(self, states: Tensor, valid: Tensor) -> Tensor:
        """Weigh the answers.

        Args:
            states: (B, n, D), newest first; those beyond a history's first item have no part in it.
            valid: (B,) how many of them the history has, at least 1; more than n are n.

        Returns:
            (B, n) float32; each row sums to 1, with 0 where there is no answer.
        """
        return self._weigh_present(self.rate(states), valid)

    def at_every(self, states: Tensor, valid: Tensor) -> Tensor:
        """Weigh the answers at every position of sequences that stand one after the other.

        Args:
            states: (N, D).
            valid: (N,) how many answers there are at each position, from 1 to n.

        Returns:
            (N, n), as `forward` gives them.
        """
        newest_last = F.pad(self.rate(states), (self.n - 1, 0)).unfold(0, self.n, 1)  # (N, n)
        return self._weigh_present(newest_last.flip(1), valid)

    def _weigh_present(self, ratings: Tensor, valid: Tensor) -> Tensor:
        has_answer = torch.arange(self.n, device=valid.device) < valid.unsqueeze(1)  # (B, n)
        return self.weigh(ratings * has_answer, valid)

    def rate(self, states: Tensor) -> Tensor:
        """Rate each state's answer: (..., D) -> (...) float32, here all alike."""
        return torch.zeros(states.shape[:-1], device=states.device)

    @abstractmethod
    def weigh(self, ratings: Tensor, valid: Tensor) -> Tensor:
        """Turn ratings, 0 where there is no answer, into weights: (B, n), (B,) -> (B, n)."""


class GivenWeights(Mixture):
    """Weights that stay what they are.

    Args:
        weights: n numbers, the newest answer's first; they sum to 1.
    """

    weights: Tensor

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__()
        self.n = len(weights)
        self.register_buffer("weights", torch.tensor(weights))

    def weigh(self, ratings: Tensor, valid: Tensor) -> Tensor:
        """Give every history the same weights."""
        return answer_shares(self.weights, valid, self.n)


class LearnedWeights(Mixture):
    """Weights of which each has a logit, the newest's bounded.

    Args:
        n: How many answers, at least 2.
        newest_at_most: The bound c, above 0 and at most 1.
    """

    def __init__(self, n: int, newest_at_most: float) -> None:
        super().__init__()
        self.n = n
        self.newest_at_most = newest_at_most
        older = -math.log(2) * torch.arange(1, n)
        odds = math.log(NEWEST_AT_FIRST / (1 - NEWEST_AT_FIRST))
        self.logits = nn.Parameter(torch.cat([(older.logsumexp(0) + odds).view(1), older]))

    def weigh(self, ratings: Tensor, valid: Tensor) -> Tensor:
        """Add the ratings to the logits, and cut the newest's share down to its bound."""
        logits = self.logits + ratings  # (B, n)
        newest = self.newest_at_most * logits.softmax(dim=1)[:, :1]
        older = (1 - newest) * logits[:, 1:].softmax(dim=1)
        return answer_shares(torch.cat([newest, older], dim=1), valid, self.n)


class AdaptiveWeights(LearnedWeights):
    """Weights that adapt to a history: each state rates its own answer.

    Args:
        dim: D, the width of the states.
        n: How many answers, at least 2.
        newest_at_most: The bound c, above 0 and at most 1.
    """

    def __init__(self, dim: int, n: int, newest_at_most: float) -> None:
        super().__init__(n, newest_at_most)
        self.rating = nn.Linear(dim, 1, bias=False)
        nn.init.zeros_(self.rating.weight)  # begins as learned weights do, and draws nothing

    def rate(self, states: Tensor) -> Tensor:
        """Rate each state's answer by a linear map: (..., D) -> (...)."""
        ratings: Tensor = self.rating(states).squeeze(-1)
        return ratings.float()


def make_mixture(config: TrainingConfig, dim: int) -> Mixture:
    """Make the mixture that a training config names, with the weights that it begins with.

    Args:
        config: Asks for at least 2 answers.
        dim: The width of the model's states.
    """
    if config.answer_weights == "learned":
        return LearnedWeights(config.answers, config.newest_at_most)
    if config.answer_weights == "adaptive":
        return AdaptiveWeights(dim, config.answers, config.newest_at_most)
    return GivenWeights(read_weights(config.answer_weights))


def add_mixture(model: Model, config: TrainingConfig) -> None:
    """Give a model the mixture that it is to be trained with, as its attribute `mixture`.

    The weights of an earlier mixture of the same kind are taken over, and one that isn't wanted is
    taken away.

    Raises:
        MiqrecError: As `check_answers`.
    """
    check_answers(model, config)
    old = getattr(model, "mixture", None)
    if old is not None:
        del model.mixture  # type: ignore[attr-defined]
    if config.answers == 1:
        return
    dim = cast(Learner, model).item_vectors().shape[1]
    mixture = make_mixture(config, dim)
    if type(old) is type(mixture) and old.n == mixture.n and not isinstance(old, GivenWeights):
        mixture.load_state_dict(old.state_dict())
    model.mixture = mixture  # type: ignore[attr-defined]


def check_answers(model: Model, config: TrainingConfig) -> None:
    """See that a model has the answers that are to be mixed.

    Raises:
        MiqrecError: If it has no states, reads fewer items than are to answer, or has an attribute
            `mixture` of its own.
    """
    name = type(model).__name__
    if not isinstance(getattr(model, "mixture", None), Mixture | None):
        raise MiqrecError(f"{name} has an attribute mixture of its own; give that another name")
    if config.answers > 1 and not learns(model):
        raise MiqrecError(f"{name} has no states that could answer; leave answers out")
    if config.answers > model.max_length:
        raise MiqrecError(
            f"{config.answers} positions can't answer: the model reads the newest {model.max_length} "
            "items; give fewer answers or a larger max_length"
        )
