"""The late mixture for any module that maps items (B, L) to states (B, L, D)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.mixture import late_mixture as mix_newest
from miqrec.nn.padding import newest, pack, packed_places


def late_mixture(
    states: Tensor,
    item_vectors: Tensor,
    weights: Sequence[float] | Tensor,
    *,
    padding: Tensor | None = None,
    seen: tuple[Tensor, Tensor] | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """Score items by a mixture of what a model's newest n states predict.

        states = model(items)  # (B, L, D)
        scores = late_mixture(states, model.item_emb.weight, [0.6, 0.4], padding=items == 0)

    `miqrec.evaluation.late_mixture` has the formula; this finds the newest states in a framework's batch.

    Args:
        states: A state for each position, (B, L, D), where none depends on later items.
        item_vectors: What states are compared with, (n_items + 1, D); row 0 belongs to padding. Where a
            framework has no such row, `F.pad(vectors, (0, 0, 1, 0))` adds it.
        weights: How much each of the newest n states counts, the newest first, (n,) or (B, n).
        padding: Which positions are padding, (B, L) bool, wherever they stand; none if not given.
        seen: Rows and items to leave out, each (pairs,). Leave a user's known items out here rather than
            afterwards: an earlier state predicts the items that then came.
        temperature: What scores are divided by.

    Returns:
        log p of each item, (B, n_items + 1) float32; -inf for padding and what was seen. Scores of a row
        that is padding alone mean nothing.

    Raises:
        MiqrecError: If a weight is below 0, or the newest state's is 0.
    """
    weights = torch.as_tensor(weights, device=states.device)
    if not ((weights >= 0).all() and (weights[..., 0] > 0).all()):
        raise MiqrecError(
            f"weights are {weights.tolist()}, but the first, the newest state's, must be above 0 and no "
            "other below it"
        )
    if padding is None:
        padding = torch.zeros(states.shape[:2], dtype=torch.bool, device=states.device)
    lengths = (~padding).sum(1).clamp(min=1)
    answers = newest(pack(states, packed_places(padding)), lengths, weights.shape[-1])
    return mix_newest(answers, item_vectors, weights, lengths, seen=seen, temperature=temperature)
