"""Each ablation is MIQ-Attn with one part pinned: outputs and gradients of inputs are the same."""

import pytest
import torch

from miqrec.nn.ablations import ABLATIONS, FirstItem, PlainAverage, SharedQuery, ZeroDummies
from miqrec.nn.attention import MultiItemQueryAttention

D, HEADS, WINDOW, L = 8, 2, 3, 5


def make(ablation):
    torch.manual_seed(0)
    return ablation(D, HEADS, WINDOW).double()


def whole(ablated, **pinned):
    """The whole layer with the ablated one's parameters; those that it lacks are `pinned`, or zero."""
    layer = MultiItemQueryAttention(D, HEADS, WINDOW).double()
    zeros = {name: torch.zeros_like(value) for name, value in layer.state_dict().items()}
    layer.load_state_dict(zeros | dict(ablated.state_dict()) | pinned)
    return layer


def assert_same(ours, theirs, B=1):
    x = torch.randn(B, L, D, dtype=torch.double, requires_grad=True)
    lengths = torch.arange(L, L - B, -1)
    results = []
    for layer in (ours, theirs):
        y = layer(x, lengths=lengths)
        (gradient,) = torch.autograd.grad((y * torch.linspace(-1, 1, D)).sum(), x)
        results.append((y, gradient, layer.last(x, lengths=lengths, n=2)))
    torch.testing.assert_close(*results)


def test_one_shared_query_is_a_window_of_equal_matrices():
    layer = make(SharedQuery)
    assert (layer.query_weight.shape, layer.query_bias.shape) == ((1, D, D), (1, D))
    weight, bias = layer.query_weight.repeat(WINDOW, 1, 1), layer.query_bias.repeat(WINDOW, 1)
    assert_same(layer, whole(layer, query_weight=weight, query_bias=bias), B=3)


def test_a_plain_average_is_a_query_level_attention_that_sees_no_difference():
    layer = make(PlainAverage)
    names = {name.split(".")[0] for name, _ in layer.named_parameters()}
    assert names.isdisjoint({"pool_query", "pool_key"})
    assert_same(layer, whole(layer), B=3)  # with zero pool_query all answers weigh the same


def test_zero_dummies_are_dummies_of_zeros_that_nothing_trains_or_saves():
    layer = make(ZeroDummies)
    assert "dummy_items" not in dict(layer.named_parameters()) | layer.state_dict()
    assert_same(layer, whole(layer), B=3)


def test_first_item_asks_as_if_it_stood_before_itself():
    layer = make(FirstItem)
    assert layer.dummy_items is None
    x = torch.randn(1, L, D, dtype=torch.double)
    with_copies = whole(layer, dummy_items=x[0, :1].repeat(WINDOW - 1, 1))
    torch.testing.assert_close(layer(x), with_copies(x))
    lengths = torch.tensor([2])
    torch.testing.assert_close(
        layer.last(x, lengths=lengths, n=2), with_copies.last(x, lengths=lengths, n=2)
    )


@pytest.mark.parametrize("name", ABLATIONS)
def test_a_window_of_one_is_the_same_in_all_of_them(name):
    torch.manual_seed(0)
    layer, x = ABLATIONS[name](D, HEADS, 1).double(), torch.randn(2, L, D, dtype=torch.double)
    torch.manual_seed(0)
    complete = MultiItemQueryAttention(D, HEADS, 1).double()
    torch.testing.assert_close(layer(x), complete(x))


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_output_never_changes_with_later_inputs(name):
    layer, x = make(ABLATIONS[name]), torch.randn(1, L, D, dtype=torch.double)
    changed = x.clone()
    changed[:, 3:] += 1
    torch.testing.assert_close(layer(changed)[:, :3], layer(x)[:, :3])
