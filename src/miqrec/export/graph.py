"""What is exported: histories in, the best items and all scores out, in operations that any runtime has."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.mixture import answer_shares
from miqrec.evaluation.scoring import check_mix
from miqrec.models.protocol import Model


class Answers(NamedTuple):
    """What the graph returns, as a plain tuple; the names are those of the outputs of an ONNX file."""

    ids: Tensor  # (B, k) int64, the best items' internal ids, the best first
    best: Tensor  # (B, k) float32, their scores
    scores: Tensor  # (B, n_items + 1) float32, of all items; -inf for padding and what is excluded


class ScoringGraph(nn.Module):
    """The scores that `miqrec.evaluation.scoring.score_items` gives, as a graph without data-dependent steps.

    Args:
        model: Gives the scores, or the states that a mixture is made of.
        popularity: (n_items + 1,), the answer to an empty history.
        inference: Which positions answer, and the temperature.
        k: How many items `ids` and `best` hold.
        padded: Whether histories are padded to `max_length` inside the graph, for models whose graph
            can't be traced for any length.
    """

    popularity: Tensor

    def __init__(
        self,
        model: Model,
        popularity: Tensor,
        inference: InferenceConfig,
        k: int,
        *,
        padded: bool = False,
    ) -> None:
        super().__init__()
        check_mix(model, inference)
        self.model: Any = model
        self.inference, self.k, self.padded = inference, k, padded
        self.register_buffer("popularity", popularity)

    def forward(
        self, items: Tensor, lengths: Tensor, excluded: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Score all items as the next one, and find the best of them: `Answers`.

        Args:
            items: Internal ids (B, L), oldest first, padded with 0 on the right.
            lengths: How many of each row are valid, (B,); 0 is answered by popularity.
            excluded: Internal ids that are no candidates, such as all that was seen, (B, E); padded
                with 0. The softmax of a mixture runs over the other items.
        """
        items = F.pad(items, (0, 1))  # PyTorch guards against a length of 1, which broadcasts
        if self.padded:
            items, lengths = _pad(items, lengths, self.model.max_length)
        left_out = torch.zeros_like(self.popularity).expand(items.shape[0], -1)  # (B, n_items + 1)
        left_out = left_out.scatter(1, excluded, float("-inf")).index_fill(
            1, torch.zeros(1, dtype=torch.int64), float("-inf")
        )
        scores = self._scores(items, lengths.clamp(min=1), left_out)
        known = (lengths > 0).unsqueeze(1)
        scores = torch.where(known, scores, self.popularity) + left_out
        best, ids = scores.topk(self.k, dim=1)
        return ids, best, scores

    def _scores(self, items: Tensor, lengths: Tensor, left_out: Tensor) -> Tensor:
        mix = self.inference.mix or ("trained" if hasattr(self.model, "mixture") else (1.0,))
        if mix != "trained" and len(mix) == 1:
            scores: Tensor = self.model.scores(items, lengths)
            return scores
        valid = lengths.clamp(max=self.model.max_length)
        n = self.model.mixture.n if isinstance(mix, str) else len(mix)
        states = self.model.last(items, lengths, n)  # (B, n, D)
        weights = self.model.mixture(states, valid) if isinstance(mix, str) else torch.tensor(mix)
        shares = answer_shares(weights, valid, n)  # (B, n)
        return _mix(
            states / self.inference.temperature, self.model.item_vectors(), shares, left_out
        )


def _mix(states: Tensor, item_vectors: Tensor, shares: Tensor, left_out: Tensor) -> Tensor:
    """Mix n answers (B, n, D) with (B, n) shares over what is not left out: log p (B, n_items + 1)."""
    scores = states @ item_vectors.T + left_out.unsqueeze(1)  # (B, n, n_items + 1)
    normalised = scores - scores.logsumexp(-1, keepdim=True)
    mixed = (normalised + shares.log().unsqueeze(-1)).logsumexp(1)
    return mixed.nan_to_num(nan=0.0, neginf=0.0)  # what is left out stays so by `left_out` alone


def _pad(items: Tensor, lengths: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Bring each row's newest `length` items to the front of exactly `length` columns."""
    kept = lengths.clamp(max=length)
    columns = torch.arange(length) + (lengths - kept).unsqueeze(1)
    return F.pad(items, (0, length)).gather(1, columns), kept
