"""Each variant is held to what all of miqrec's models are held to, and to its own formula, written out."""

import torch
from miq_variants.masked_window import MaskedWindow, MaskedWindowConfig
from miq_variants.pooled_residual import PooledResidual, PooledResidualConfig
from miq_variants.second_query import SecondQuery, SecondQueryConfig

from miqrec.nn import CausalSelfAttention, MultiItemQueryAttention
from miqrec.testing import model_suite

SIZES = {"dim": 32, "n_layers": 1, "max_length": 30, "window": 3}
D, HEADS, WINDOW, L = 8, 2, 3, 5

test_pooled_residual = model_suite(PooledResidualConfig(**SIZES))
test_masked_window = model_suite(MaskedWindowConfig(**SIZES))
test_second_query = model_suite(SecondQueryConfig(**SIZES))


def inputs() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(2, L, D)


def test_the_pooled_residual_is_the_window_s_inputs_by_their_weights():
    x, layer = inputs(), PooledResidual(D, HEADS, WINDOW)
    output, residual = layer.with_residual(x, x)
    expected, weights = layer(x, need_weights=True)
    padded = layer.with_dummies(x)
    for t in range(L):
        window = padded[:, t : t + WINDOW]  # x_{t-2}, x_{t-1}, x_t
        by_hand = sum(weights.pooling[:, t, j, None] * window[:, j] for j in range(WINDOW))
        torch.testing.assert_close(residual[:, t], by_hand)
    torch.testing.assert_close(output, expected)


def test_a_masked_window_is_miq_attention_of_as_many_queries_as_there_are_items():
    """The last position of a history of two items has two queries, those of the newest places."""
    x, layer = inputs(), MaskedWindow(D, HEADS, WINDOW)
    shorter = MultiItemQueryAttention(D, HEADS, 2)
    state = {k: v[1:] if k.startswith("query") else v for k, v in layer.state_dict().items()}
    shorter.load_state_dict(state | {"dummy_items": torch.zeros(1, D)})
    torch.testing.assert_close(layer(x)[:, 1], shorter(x)[:, 1])
    whole = MultiItemQueryAttention(D, HEADS, WINDOW)
    whole.load_state_dict(layer.state_dict() | {"dummy_items": torch.zeros(WINDOW - 1, D)})
    torch.testing.assert_close(layer(x)[:, 2:], whole(x)[:, 2:])


def test_the_second_query_asks_from_the_mean_of_the_newest_items():
    x, layer = inputs(), SecondQuery(D, HEADS, WINDOW, 0.0)
    means = layer.means(x)
    torch.testing.assert_close(means[:, 0], x[:, 0])
    torch.testing.assert_close(means[:, 1], (x[:, 0] + x[:, 1]) / 2)
    torch.testing.assert_close(means[:, 4], (x[:, 2] + x[:, 3] + x[:, 4]) / 3)
    first = CausalSelfAttention(D, HEADS)
    first.load_state_dict({k: v for k, v in layer.state_dict().items() if "long" not in k})
    expected = (first(x) + attended(layer, layer.long_query(means), x)) / 2
    torch.testing.assert_close(layer(x), expected)


def attended(layer, queries, x):
    """Textbook attention of `queries` to what came until then, by the layer's matrices."""
    q, k, v = (
        y.view(2, L, HEADS, -1).transpose(1, 2) for y in (queries, layer.key(x), layer.value(x))
    )
    scores = q @ k.mT * (D // HEADS) ** -0.5  # (2, HEADS, L, L)
    weights = scores.masked_fill(torch.ones(L, L).triu(1).bool(), -torch.inf).softmax(-1)
    return layer.out((weights @ v).transpose(1, 2).reshape(2, L, D))
