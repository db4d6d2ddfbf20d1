"""Starting weights: one rule for every matrix of a model, zero for every bias."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from miqrec.nn.attention import MultiItemQueryAttention


@torch.no_grad()
def initialise(model: nn.Module, fill: Callable[[Tensor], Tensor]) -> None:
    """Fill each matrix of linear maps, embeddings and windows' queries; zero biases and padding.

    The m query matrices of an MIQ layer are filled one by one: an initialiser that is given the
    tensor of all of them reads wrong fans. Dummy items and layer norms keep what they have.

    Args:
        model: The module whose parts are filled, in order of registration.
        fill: An initialiser in place, such as `nn.init.xavier_uniform_`.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            fill(module.weight)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])
        if isinstance(module, MultiItemQueryAttention):
            for matrix in module.query_weight:
                fill(matrix)
            if module.query_bias is not None:
                nn.init.zeros_(module.query_bias)
