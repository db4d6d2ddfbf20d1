"""Multi-head attention and MIQ attention as loops that follow their equations, in float64."""

import math

import torch
from torch import Tensor


def causal_self_attention(layer, query, key_value, lengths, causal=True) -> Tensor:
    """F_t = concat over heads of softmax_s(q_t . k_s / sqrt(d)) v_s, through the output projection."""
    B, L, D = query.shape
    output = torch.zeros(B, L, D, dtype=query.dtype)
    for b in range(B):
        for t in range(L):
            q = linear(layer.query, query[b, t])
            seen = key_value[b, : t + 1] if causal else key_value[b, : lengths[b]]
            output[b, t] = linear(layer.out, answer(layer, q, seen))
    return output


def multi_item_query_attention(layer, query, key_value, lengths, causal=True):
    """F_t = sum_j alpha_{t,j} (o_{t,j} Wpv + bpv), and the weights alpha (B, L, m)."""
    B, L, D = query.shape
    m = layer.window
    output = torch.zeros(B, L, D, dtype=query.dtype)
    weights = torch.zeros(B, L, m, dtype=query.dtype)
    for b in range(B):
        for t in range(L):
            seen = key_value[b, : t + 1] if causal else key_value[b, : lengths[b]]
            answers = []
            for j in range(m):
                x = window_item(layer, query[b], t - m + 1 + j)
                q = x @ layer.query_weight[j]
                if layer.query_bias is not None:
                    q = q + layer.query_bias[j]
                answers.append(answer(layer, q, seen))
            alpha = pool(layer, answers)
            weights[b, t] = alpha
            output[b, t] = sum(alpha[j] * linear(layer.pool_value, answers[j]) for j in range(m))
    return output, weights


def window_item(layer, sequence: Tensor, position: int) -> Tensor:
    """x_position, where the positions before the first hold dummies: -1 the last of them, d_{m-1}."""
    if position >= 0:
        return sequence[position]
    return layer.dummy_items[len(layer.dummy_items) + position]


def answer(layer, q: Tensor, seen: Tensor) -> Tensor:
    """Concat over heads of softmax_s(q . k_s / sqrt(D / heads)) v_s over the rows of `seen`."""
    heads = []
    keys, values = linear(layer.key, seen), linear(layer.value, seen)
    d = layer.embed_dim // layer.num_heads
    for h in range(layer.num_heads):
        part = slice(h * d, (h + 1) * d)
        probabilities = torch.softmax(keys[:, part] @ q[part] / math.sqrt(d), 0)
        heads.append(probabilities @ values[:, part])
    return torch.cat(heads)


def pool(layer, answers: list[Tensor]) -> Tensor:
    """alpha: the mean row, or the last, of softmax((O Wpq + bpq)(O Wpk)^T / sqrt(D))."""
    if layer.window == 1:
        return torch.ones(1, dtype=answers[0].dtype)
    O = torch.stack(answers)  # noqa: E741
    scores = linear(layer.pool_query, O) @ linear(layer.pool_key, O).T / math.sqrt(layer.embed_dim)
    table = torch.softmax(scores, -1)
    return table.mean(0) if layer.pooling == "mean" else table[-1]


def linear(part, x: Tensor) -> Tensor:
    """X W + b, spelled out."""
    product = x @ part.weight.T
    return product if part.bias is None else product + part.bias
