"""Other ways to steady the lists of trained models, to be measured beside the late mixture.

Both are models with `scores`, so whatever ranks, lists or measures takes them: `Ensemble`, several models
that were trained alike, and `DroppedCopies`, one model that reads several thinned-out copies of a history.
Each costs as many passes as it has models or copies.
"""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.evaluation.scoring import Pairs, score_items
from miqrec.models.protocol import Model
from miqrec.nn.padding import valid
from miqrec.stability.draws import uniforms

WHOLE_HISTORIES = 2**31 - 1
"""More items than any history has."""


STEP = 3
"""The step of the random stream that drops items; those of noise and of samples are smaller."""


class Ensemble(nn.Module):
    """Several models that answer together: the log of the mean of their softmaxes over the candidates.

    A member answers as it was trained to, by its newest position or by its own mixture.

    Args:
        models: of one catalogue, with scores that are logarithms of probabilities but for a constant.

    Raises:
        MiqrecError: there are fewer than two.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        super().__init__()
        if len(models) < 2:
            raise MiqrecError(f"{len(models)} models are no ensemble: give at least 2")
        self.models = nn.ModuleList(cast(Sequence[nn.Module], models))
        self.max_length = max(model.max_length for model in models)

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Score all items, none of them left out: (B, L), (B,) -> (B, n_items + 1)."""
        none = torch.empty(0, dtype=torch.int64, device=items.device)
        return self.candidate_scores(items, lengths, (none, none))

    def candidate_scores(self, items: Tensor, lengths: Tensor, left_out: Pairs) -> Tensor:
        """Score the candidates, each member's softmax running over them alone: (B, n_items + 1)."""
        totals: Tensor | None = None
        for member in self.models:
            model = cast(Model, member)
            scores = score_items(model, items, lengths, torch.zeros(()), seen=left_out)
            normaliser = scores.logsumexp(1, keepdim=True)
            # a row without any candidate has a total of -inf, which may not be subtracted from itself
            scores -= normaliser.clamp(min=torch.finfo(scores.dtype).min) + math.log(
                len(self.models)
            )
            totals = scores if totals is None else torch.logaddexp(totals, scores)
        assert totals is not None  # since there are members
        return totals


class DroppedCopies(nn.Module):
    """One model that reads several copies of a history, each without a share of the items: mean scores.

    It is TMask-R of Dang et al., "Data Augmentation as Free Lunch: Exploring the Test-Time Augmentation for
    Sequential Recommendation" (arXiv 2504.04843, SIGIR 2025), as their code has it: a copy loses the whole
    part of share times the history's length, at random from the whole history, before the model takes the
    newest items that it reads; the scores of the copies are averaged, and the history itself is not read.

    Their draws come from a running generator. Here the history's own items and the seed decide them, so
    that a list doesn't depend on who else is asked.

    Args:
        model: any.
        share: the part of the items that a copy loses; the paper's is .5 to .7, by data set.
        copies: how many copies there are.
        seed: the seed of the draws.
    """

    max_length = WHOLE_HISTORIES

    def __init__(self, model: Model, share: float = 0.6, copies: int = 10, seed: int = 0) -> None:
        super().__init__()
        if not 0 <= share < 1 or copies < 1:
            raise MiqrecError(
                f"{copies} copies without a share of {share:g} of the items can't be read: give at least 1 "
                "copy, and a share from 0 to below 1"
            )
        self.model = cast(nn.Module, model)
        self.share, self.copies, self.seed = share, copies, seed

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Average the scores of the copies: (B, L), (B,) -> (B, n_items + 1)."""
        model = cast(Model, self.model)
        copies = (self.thinned(items, lengths, copy) for copy in range(self.copies))
        return torch.stack([model.scores(*each) for each in copies]).mean(0)

    def thinned(self, items: Tensor, lengths: Tensor, copy: int) -> tuple[Tensor, Tensor]:
        """Make one copy: items (B, L), padded on the right, and lengths (B,)."""
        lost = (self.share * lengths.double()).long()
        present = valid(lengths, items.shape[1])  # (B, L)
        numbers = self._numbers(items, present, copy).masked_fill(~present, math.inf)
        places = numbers.argsort(1).argsort(1)  # (B, L) of each item, by its number
        kept = present & (places >= lost.unsqueeze(1))
        order = (~kept).long().argsort(dim=1, stable=True)  # what is kept to the front, as it was
        left = lengths - lost
        return items.gather(1, order) * valid(left, items.shape[1]), left

    def _numbers(self, items: Tensor, present: Tensor, copy: int) -> Tensor:
        """Draw a number for each place of each history, by the history's items: (B, L)."""
        rows, columns = (part.cpu().numpy() for part in present.nonzero(as_tuple=True))
        names = _names(items).cpu().numpy()[rows]
        drawn = torch.from_numpy(uniforms(self.seed, copy, names, columns, step=STEP))
        numbers = torch.zeros(items.shape, dtype=torch.float64, device=items.device)
        numbers[present] = drawn.to(items.device)
        return numbers


def _names(items: Tensor) -> Tensor:
    """Give each history (B, L) a number of its own, a polynomial modulo 2^64: (B,) int64."""
    powers = torch.full_like(items[0], 6364136223846793005).cumprod(0)
    return (items * powers).sum(1)  # padding adds nothing
