"""Scores for a batch of histories, those without a single known item among them."""

import torch
from torch import Tensor

from miqrec.models.protocol import Model


def scores_or_popularity(
    model: Model, items: Tensor, lengths: Tensor, popularity: Tensor
) -> Tensor:
    """Score all items as the next one; popularity answers where there is no history.

    Evaluation and recommending share this function, so what is measured is what is served.

    Args:
        model: anything with `scores(items, lengths)`.
        items: (B, L) internal ids, padded with 0 on the right.
        lengths: (B,) how many of each row are valid; 0 is a history without a known item.
        popularity: (n_items + 1,) float32.

    Returns:
        (B, n_items + 1) float32.
    """
    known = lengths > 0
    if known.all():
        return model.scores(items, lengths)
    scores = model.scores(items, lengths.clamp(min=1))
    return torch.where(known.unsqueeze(1), scores, popularity.to(scores.device))
