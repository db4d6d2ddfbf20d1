"""First weights: one rule for every matrix of a model, and zero for every bias."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from miqrec.nn.attention import MultiItemQueryAttention


@torch.no_grad()
def initialise(model: nn.Module, fill: Callable[[Tensor], Tensor]) -> None:
    """Fill every matrix of linear maps, embeddings and MIQ queries; set biases and padding to zero.

    The m query matrices of an MIQ layer are filled one by one, since an initialiser computes a wrong
    fan from the tensor that holds all of them. Dummy items and layer norms keep their values.

    Args:
        model: The module whose parts are filled, in the order in which it registered them.
        fill: An initialiser that works in place, such as `nn.init.xavier_uniform_`.
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
