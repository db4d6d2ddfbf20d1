"""The attention layers against their equations, against PyTorch's own, and by their properties."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention
from miqrec.nn.padding import newest
from reference.attention import causal_self_attention, multi_item_query_attention

LENGTHS = torch.tensor([5, 3, 1])


def inputs(B=3, L=5, D=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    query, key_value, gradient = torch.randn(3, B, L, D, generator=generator, dtype=torch.double)
    return query.requires_grad_(), key_value.requires_grad_(), gradient


def miq(window, *, dim=8, heads=2, seed=0, **options):
    torch.manual_seed(seed)
    return MultiItemQueryAttention(dim, heads, window, **options).double()


def plain(*, dim=8, heads=2, seed=0, **options):
    torch.manual_seed(seed)
    return CausalSelfAttention(dim, heads, **options).double()


def assert_same(layer, ours, theirs, query, key_value, gradient):
    """Compare outputs, and the gradients of inputs and of every parameter."""
    torch.testing.assert_close(ours, theirs)
    names, wanted = zip(
        *[("query", query), ("key_value", key_value), *layer.named_parameters()], strict=True
    )
    fast = torch.autograd.grad(ours, wanted, gradient, allow_unused=True)
    slow = torch.autograd.grad(theirs, wanted, gradient, materialize_grads=True)
    for name, a, b in zip(names, fast, slow, strict=True):
        a = torch.zeros_like(b) if a is None else a  # noqa: PLW2901
        torch.testing.assert_close(a, b, msg=lambda text, name=name: f"gradient of {name}: {text}")


def counted(gradient, lengths):
    """Zero the gradient of padding: nobody reads an output there."""
    return gradient * (torch.arange(gradient.shape[1]) < lengths[:, None])[..., None]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_miq_follows_its_equations_in_outputs_and_gradients(window, heads, pooling, causal):
    layer = miq(window, heads=heads, pooling=pooling, causal=causal)
    query, key_value, gradient = inputs()
    ours, weights = layer(query, key_value, lengths=LENGTHS, need_weights=True)
    theirs, alpha = multi_item_query_attention(layer, query, key_value, LENGTHS, causal)
    torch.testing.assert_close(weights.pooling, alpha)
    assert_same(layer, ours, theirs, query, key_value, counted(gradient, LENGTHS))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_self_attention_follows_its_equations_in_outputs_and_gradients(heads, causal):
    layer = plain(heads=heads, causal=causal)
    query, key_value, gradient = inputs()
    ours = layer(query, key_value, lengths=LENGTHS)
    theirs = causal_self_attention(layer, query, key_value, LENGTHS, causal)
    assert_same(layer, ours, theirs, query, key_value, counted(gradient, LENGTHS))


@settings(max_examples=15, deadline=None)
@given(
    data=st.data(),
    B=st.integers(1, 3),
    L=st.integers(1, 6),
    heads=st.integers(1, 3),
    width=st.integers(1, 4),
    window=st.integers(1, 8),
    pooling=st.sampled_from(["mean", "last"]),
    causal=st.booleans(),
    bias=st.booleans(),
)
def test_miq_follows_its_equations_whatever_the_shape(
    data, B, L, heads, width, window, pooling, causal, bias
):
    lengths = torch.tensor(data.draw(st.lists(st.integers(1, L), min_size=B, max_size=B)))
    layer = miq(window, dim=heads * width, heads=heads, pooling=pooling, causal=causal, bias=bias)
    query, key_value, gradient = inputs(B, L, heads * width)
    ours = layer(query, key_value, lengths=lengths)
    theirs, _ = multi_item_query_attention(layer, query, key_value, lengths, causal)
    assert_same(layer, ours, theirs, query, key_value, counted(gradient, lengths))


def multihead_attention(query, key, value, out):
    """PyTorch's own layer with these weights copied in."""
    D = query.weight.shape[0]
    theirs = nn.MultiheadAttention(D, 2, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([query.weight, key.weight, value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([query.bias, key.bias, value.bias]))
        theirs.out_proj.weight.copy_(out.weight)
        theirs.out_proj.bias.copy_(out.bias)
    return theirs


LATER = torch.ones(5, 5, dtype=torch.bool).triu(1)


def test_self_attention_is_pytorchs_multihead_attention():
    layer = plain()
    query, key_value, _ = inputs()
    theirs = multihead_attention(layer.query, layer.key, layer.value, layer.out)
    expected, weights = theirs(
        query, key_value, key_value, attn_mask=LATER, average_attn_weights=False
    )
    output, ours = layer(query, key_value, need_weights=True)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(ours.attention.squeeze(3), weights)


def test_bidirectional_attention_is_pytorchs_with_a_padding_mask():
    layer = plain(causal=False)
    query, key_value, _ = inputs()
    padding = torch.arange(5) >= LENGTHS[:, None]
    theirs = multihead_attention(layer.query, layer.key, layer.value, layer.out)
    expected, _ = theirs(query, key_value, key_value, key_padding_mask=padding)
    torch.testing.assert_close(layer(query, key_value, lengths=LENGTHS), expected)


def test_miq_with_a_window_of_one_is_causal_multihead_attention():
    layer = miq(1)
    query = nn.Linear(8, 8).double()
    with torch.no_grad():
        query.weight.copy_(layer.query_weight[0].T)
        query.bias.copy_(layer.query_bias[0])
    theirs = multihead_attention(query, layer.key, layer.value, layer.pool_value)
    x, key_value, _ = inputs()
    expected, _ = theirs(x, key_value, key_value, attn_mask=LATER)
    torch.testing.assert_close(layer(x, key_value), expected)


def test_a_window_of_one_has_no_dummies_and_nothing_to_pool():
    names = {name for name, _ in miq(1).named_parameters()}
    assert not {name for name in names if "dummy" in name or "pool_query" in name}
    assert names.isdisjoint({"pool_key.weight", "pool_key.bias"})


def test_parameters_have_the_shapes_of_the_design():
    shapes = {name: tuple(p.shape) for name, p in miq(3).named_parameters()}
    linear = {
        f"{part}.{kind}": (8, 8) if kind == "weight" else (8,)
        for part in ("key", "value", "pool_query", "pool_key", "pool_value")
        for kind in ("weight", "bias")
    }
    windowed = {"query_weight": (3, 8, 8), "query_bias": (3, 8), "dummy_items": (2, 8)}
    assert shapes == linear | windowed


layers = st.one_of(
    st.builds(plain, seed=st.integers(0, 3)),
    st.builds(
        miq,
        st.integers(1, 8),
        seed=st.integers(0, 3),
        pooling=st.sampled_from(["mean", "last"]),
    ),
)


@settings(max_examples=20, deadline=None)
@given(layer=layers, t=st.integers(0, 4), seed=st.integers(0, 9))
def test_an_output_never_changes_with_later_inputs(layer, t, seed):
    query, key_value, noise = inputs(seed=seed)
    after = (torch.arange(5) > t)[:, None]
    changed = layer(query + noise * after, key_value - noise * after)
    torch.testing.assert_close(changed[:, : t + 1], layer(query, key_value)[:, : t + 1])


@settings(max_examples=20, deadline=None)
@given(layer=layers, causal=st.booleans(), padding=st.integers(1, 4), seed=st.integers(0, 9))
def test_padding_never_changes_a_valid_output(layer, causal, padding, seed):
    layer.causal = causal
    query, key_value, _ = inputs(seed=seed)
    lengths = torch.full((3,), 5)
    filler = torch.full((3, padding, 8), 1e3, dtype=torch.double)
    longer = [torch.cat([x, filler], 1) for x in (query, key_value)]
    expected = layer(query, key_value, lengths=lengths)
    torch.testing.assert_close(layer(*longer, lengths=lengths)[:, :5], expected)


@settings(max_examples=20, deadline=None)
@given(layer=layers, causal=st.booleans(), seed=st.integers(0, 9), n=st.integers(1, 7))
def test_last_gives_the_newest_valid_rows_of_forward_in_outputs_and_gradients(
    layer, causal, seed, n
):
    layer.causal = causal
    query, key_value, _ = inputs(seed=seed)
    expected = newest(layer(query, key_value, lengths=LENGTHS), LENGTHS, n)
    newest_rows = layer.last(query, key_value, lengths=LENGTHS, n=n)
    gradient = torch.randn(newest_rows.shape, dtype=torch.double)
    assert_same(layer, newest_rows, expected, query, key_value, gradient)


@settings(max_examples=20, deadline=None)
@given(layer=layers, seed=st.integers(0, 9))
def test_weights_sum_to_one_and_make_up_the_output(layer, seed):
    query, key_value, _ = inputs(seed=seed)
    output, (pooling, attention) = layer(query, key_value, need_weights=True)
    ones = torch.ones_like(pooling)
    torch.testing.assert_close(pooling.sum(-1), ones[..., 0])
    torch.testing.assert_close(attention.sum(-1), ones[:, None].expand(-1, 2, -1, -1))
    assert not attention.transpose(-1, -2)[:, :, LATER].any()
    values = layer.value(key_value).view(3, 5, 2, 4)
    answers = torch.einsum("bhtjs,bshd->btjhd", attention, values).flatten(-2)
    project = layer.out if isinstance(layer, CausalSelfAttention) else layer.pool_value
    torch.testing.assert_close(project(torch.einsum("btj,btjd->btd", pooling, answers)), output)


def rows_with_gradient(layer):
    query, key_value, gradient = inputs()
    layer(query, key_value).backward(gradient)
    parameters = (layer.query_weight, layer.query_bias, layer.dummy_items)
    return [(p.grad.flatten(1).abs().amax(1) > 1e-9).tolist() for p in parameters]


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_every_window_position_and_dummy_gets_gradient(pooling):
    layer = miq(4, pooling=pooling, causal=False)
    assert rows_with_gradient(layer) == [[True] * 4, [True] * 4, [True] * 3]


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_a_causal_layer_cannot_teach_its_first_dummy(pooling):
    # d_1 asks at x_1 alone, where one key is visible: its softmax is 1 whatever it asks
    layer = miq(4, pooling=pooling)
    assert rows_with_gradient(layer) == [[True] * 4, [True] * 4, [False, True, True]]


def test_key_value_is_the_query_where_none_is_given():
    query, _, _ = inputs()
    layer = miq(3)
    torch.testing.assert_close(layer(query), layer(query, query))
    torch.testing.assert_close(
        layer.last(query, lengths=LENGTHS), layer.last(query, query, lengths=LENGTHS)
    )


def test_dropout_acts_in_training_only():
    layer, (query, _, _) = miq(3, dropout=0.5), inputs()
    assert not torch.equal(layer(query), layer(query))
    layer.eval()
    torch.testing.assert_close(layer(query), layer(query))
    torch.testing.assert_close(layer(query), miq(3)(query))


def test_matrices_start_as_linear_maps_do_and_dummies_at_the_scale_of_inputs():
    torch.manual_seed(0)
    layer = MultiItemQueryAttention(64, 2, 10)
    bound = 1 / 64**0.5  # nn.Linear(64, 64): uniform within 1 / sqrt(fan in)
    for matrix in layer.query_weight:
        assert 0.98 * bound < matrix.abs().max() <= bound
    assert layer.query_bias.abs().max() <= bound
    assert layer.dummy_items.std().item() == pytest.approx(1, abs=0.1)
