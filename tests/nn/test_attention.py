"""The attention layers against their equations, against PyTorch's own, and by their properties."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from miqrec.errors import MiqrecError
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
    """Compare outputs, and the gradients of inputs and of every parameter, all of which take part."""
    torch.testing.assert_close(ours, theirs)
    names, wanted = zip(
        *[("query", query), ("key_value", key_value), *layer.named_parameters()], strict=True
    )
    fast = torch.autograd.grad(ours, wanted, gradient)
    slow = torch.autograd.grad(theirs, wanted, gradient)
    for name, a, b in zip(names, fast, slow, strict=True):
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
    assert "pool_key.weight" not in names


def test_parameters_have_the_shapes_of_the_design():
    shapes = {name: tuple(p.shape) for name, p in miq(3).named_parameters()}
    linear = {
        f"{part}.{kind}": (8, 8) if kind == "weight" else (8,)
        for part in ("key", "value", "pool_query", "pool_key", "pool_value")
        for kind in ("weight", "bias")
    }
    del linear["pool_key.bias"]
    windowed = {"query_weight": (3, 8, 8), "query_bias": (3, 8), "dummy_items": (2, 8)}
    assert shapes == linear | windowed


def test_the_bias_that_pool_key_had_in_older_models_is_dropped_on_load():
    older, layer = miq(3, seed=1), miq(3, seed=2)
    state = older.state_dict() | {"pool_key.bias": torch.ones(8)}
    nn.ModuleDict({"attention": layer}).load_state_dict(
        {f"attention.{name}": value for name, value in state.items()}
    )
    query, _, _ = inputs()
    torch.testing.assert_close(layer(query), older(query))


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
def test_a_causal_layer_gives_its_first_dummy_a_gradient_of_zero(pooling):
    # d_1 asks at x_1 only, where one key is visible: the softmax is 1 whatever d_1 is
    layer = miq(4, pooling=pooling)
    assert rows_with_gradient(layer) == [[True] * 4, [True] * 4, [False, True, True]]


def test_key_value_is_the_query_where_none_is_given():
    query, _, _ = inputs()
    layer = miq(3)
    torch.testing.assert_close(layer(query), layer(query, query))
    torch.testing.assert_close(
        layer.last(query, lengths=LENGTHS), layer.last(query, query, lengths=LENGTHS)
    )


@pytest.mark.parametrize("layer", [plain(), miq(3)], ids=["one query", "three queries"])
def test_dropout_falls_on_the_newest_positions_too(layer):
    query, _, _ = inputs()
    layer.dropout = 0.5
    assert not torch.equal(layer.last(query, lengths=LENGTHS), layer.last(query, lengths=LENGTHS))
    layer.eval()
    expected = newest(layer(query, lengths=LENGTHS), LENGTHS)
    torch.testing.assert_close(layer.last(query, lengths=LENGTHS), expected)


def test_all_positions_are_valid_where_no_lengths_are_given():
    query, _, _ = inputs()
    for layer in (miq(3, causal=False), plain(causal=False)):
        torch.testing.assert_close(layer.last(query, n=2), layer(query)[:, [4, 3]])


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


LEFT = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0]]).bool()
ANYWHERE = torch.tensor([[0, 1, 0, 0, 1], [1, 0, 1, 0, 1], [1, 1, 0, 0, 0]]).bool()


@pytest.mark.parametrize("padding", [LEFT, ANYWHERE], ids=["left", "anywhere"])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("build", [plain, partial(miq, 3)], ids=["one query", "three queries"])
def test_padding_is_as_if_it_were_not_there(build, causal, padding):
    layer, (query, key_value, _) = build(causal=causal), inputs()
    output, weights = layer(query, key_value, padding=padding, need_weights=True)
    newest_two = layer.last(query, key_value, padding=padding, n=2)
    for row, real in enumerate(~padding):
        inputs_alone = query[row : row + 1, real], key_value[row : row + 1, real]
        (alone,), ((pooling,), (attention,)) = layer(*inputs_alone, need_weights=True)
        torch.testing.assert_close(output[row, real], alone)
        torch.testing.assert_close(weights.pooling[row, real], pooling)
        torch.testing.assert_close(weights.attention[row][:, real][..., real], attention)
        second = max(int(real.sum()) - 2, 0)
        torch.testing.assert_close(newest_two[row], alone[[-1, second]])


def test_padding_on_the_right_is_what_lengths_say():
    layer, (query, key_value, gradient) = miq(3, causal=False), inputs()
    padding = torch.arange(5) >= LENGTHS[:, None]
    ours, theirs = (
        layer(query, key_value, padding=padding),
        layer(query, key_value, lengths=LENGTHS),
    )
    assert_same(layer, ours[~padding], theirs[~padding], query, key_value, gradient[~padding])


class Doubled(MultiItemQueryAttention):
    """A layer that changes `forward` and forgets about `last`."""

    def forward(self, query, key_value=None, **options):
        return 2 * super().forward(query, key_value, **options)


def test_a_subclass_that_changes_forward_has_the_last_of_that_forward():
    layer, (query, _, _) = Doubled(8, 2, 3).double(), inputs()
    expected = newest(layer(query, lengths=LENGTHS), LENGTHS, 2)
    torch.testing.assert_close(layer.last(query, lengths=LENGTHS, n=2), expected)


def test_padding_does_not_make_a_subclass_change_the_outputs_twice():
    layer, (query, _, _) = Doubled(8, 2, 3).double(), inputs()
    once = 2 * MultiItemQueryAttention.forward(layer, query, padding=LEFT)
    torch.testing.assert_close(layer(query, padding=LEFT)[~LEFT], once[~LEFT])


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: CausalSelfAttention(10, 3), "embed_dim 10 cannot be cut into 3 heads"),
        (lambda: MultiItemQueryAttention(10, 0, 2), "embed_dim 10 cannot be cut into 0 heads"),
        (lambda: MultiItemQueryAttention(8, 2, 0), "window is 0"),
        (lambda: MultiItemQueryAttention(8, 2, 3, pooling="max"), "unknown pooling 'max'"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(build, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        build()


X = torch.zeros(2, 5, 8)
REFUSED = {
    "another width": (X[..., :4], X[..., :4], {}, r"one shape \(B, L, 8\)"),
    "another length of key_value": (X, X[:, :4], {}, r"one shape \(B, L, 8\)"),
    "no batch": (X[0], X[0], {}, r"one shape \(B, L, 8\)"),
    "lengths of another batch": (X, X, {"lengths": torch.full((3,), 5)}, "each of the 2 sequences"),
    "the batch second": (X.transpose(0, 1), None, {"lengths": torch.tensor([5, 3])}, "batch first"),
    "padding of the batch second": (X, X, {"padding": torch.zeros(5, 2).bool()}, "batch first"),
    "padding of numbers": (X, X, {"padding": torch.zeros(2, 5)}, "padding must be bool"),
    "two ways at once": (
        X,
        X,
        {"lengths": torch.tensor([5, 3]), "padding": torch.zeros(2, 5).bool()},
        "give one of them",
    ),
}


@pytest.mark.parametrize("method", ["forward", "last"])
@pytest.mark.parametrize("layer", [CausalSelfAttention(8, 2), MultiItemQueryAttention(8, 2, 3)])
@pytest.mark.parametrize(
    ("query", "key_value", "options", "sentence"), REFUSED.values(), ids=REFUSED
)
def test_inputs_that_do_not_fit_are_refused(layer, method, query, key_value, options, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        getattr(layer, method)(query, key_value, **options)
