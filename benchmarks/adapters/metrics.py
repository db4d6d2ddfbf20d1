"""HR@10 and NDCG@10 where a framework has no metrics of ranking: PyTorch and Transformers."""

import torch
from torch import Tensor

from benchmarks.adapters.settings import K


def hits(scores: Tensor, asked: Tensor) -> dict[str, float]:
    """Compare scores (B, n_items) with the item asked for in each row; ties count against it."""
    ranks = (scores >= scores.gather(1, asked[:, None])).sum(1)
    found = ranks <= K
    gains = found / torch.log2(ranks + 1.0)
    return {"HR@10": found.float().mean().item(), "NDCG@10": gains.mean().item()}
