"""`MultiItemQueryMHA` beside `nn.MultiheadAttention`, and inside PyTorch's encoders."""

from copy import deepcopy

import onnxruntime
import pytest
import torch
from torch import distributed, multiprocessing, nn

from adapters.encoders import HEADS, PADDING, B, Causal, D, L, X, encoder, process, train
from miqrec.adapters.torch import MultiItemQueryMHA, replace_attention
from miqrec.errors import MiqrecError

CAUSAL = torch.ones(L, L, dtype=torch.bool).triu(1)
ALIBI = -0.5 * (torch.arange(L)[:, None] - torch.arange(L)).abs().float()


def miq(window=3, **options):
    return MultiItemQueryMHA(D, HEADS, window=window, **{"batch_first": True} | options)


def theirs(**options):
    torch.manual_seed(0)
    return nn.MultiheadAttention(D, HEADS, **{"batch_first": True} | options)


# With a window of 1 it is nn.MultiheadAttention

CALLS = {
    "no mask": {},
    "causal": {"attn_mask": CAUSAL},
    "causal by hint": {"attn_mask": CAUSAL, "is_causal": True},
    "causal float": {"attn_mask": torch.zeros(L, L).masked_fill(CAUSAL, -torch.inf)},
    "numbers of distance": {"attn_mask": ALIBI},
    "another mask each head": {"attn_mask": torch.stack([CAUSAL, CAUSAL.T] * B)},
    "padding": {"key_padding_mask": PADDING},
    "padding with numbers": {"key_padding_mask": PADDING * -1.5},
    "both": {"attn_mask": CAUSAL, "key_padding_mask": PADDING},
}


@pytest.mark.parametrize("per_head", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_a_window_of_one_gives_the_outputs_and_weights_of_the_layer_it_replaced(
    call, bias, per_head
):
    old = theirs(bias=bias)
    new = replace_attention(deepcopy(old), window=1)
    call = CALLS[call]

    (ours, weights), (outputs, expected) = (
        layer(X, X, X, average_attn_weights=not per_head, **call) for layer in (new, old)
    )

    defined = ~outputs.isnan().any(-1)  # where nothing is seen, theirs is NaN
    assert defined.sum() >= B * L - 2
    torch.testing.assert_close(ours[defined], outputs[defined])
    rows = defined if not per_head else defined[:, None].expand(-1, HEADS, -1)
    torch.testing.assert_close(weights[rows], expected[rows])
    assert weights.shape == expected.shape


def test_keys_and_values_may_be_made_of_other_inputs_than_queries():
    old = theirs()
    new, inputs = replace_attention(deepcopy(old), window=1), (X, X.flip(0), X.flip(1))
    torch.testing.assert_close(new(*inputs), old(*inputs))


@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_may_come_without_a_batch(batch_first):
    old = theirs(batch_first=batch_first)
    new, x = replace_attention(deepcopy(old), window=1), X[1]
    call = {"attn_mask": CAUSAL, "key_padding_mask": PADDING[1]}
    torch.testing.assert_close(new(x, x, x, **call), old(x, x, x, **call))
    call["attn_mask"] = torch.stack([CAUSAL, CAUSAL])  # an own mask for each head
    torch.testing.assert_close(new(x, x, x, **call), old(x, x, x, **call))


# The window


def test_without_a_mask_it_is_our_layer_that_sees_everything():
    layer = miq()
    layer.attention.causal = False
    torch.testing.assert_close(layer(X, X, X, need_weights=False)[0], layer.attention(X))


def test_two_sequences_in_one_row_that_a_mask_keeps_apart_have_the_outputs_of_two_rows():
    layer, first, second = miq(), slice(0, 2), slice(2, L)
    apart = torch.block_diag(torch.ones(2, 2), torch.ones(4, 4)) == 0

    together, _ = layer(X, X, X, attn_mask=CAUSAL | apart)

    for part in (first, second):
        torch.testing.assert_close(together[:, part], layer.attention(X[:, part]))


def test_an_item_that_some_head_sees_asks():
    """Keys and values stay, so that an output depends on an earlier query through its window alone."""
    layer, alone = miq(2), ~torch.eye(L, dtype=torch.bool)
    changed = X.clone()
    changed[:, 1] += 1

    for masks, depends in ([alone, CAUSAL], True), ([alone, alone], False):
        mask = torch.stack(masks * B)
        outputs = [layer(query, X, X, attn_mask=mask)[0][:, 2] for query in (X, changed)]
        assert torch.equal(*outputs) != depends


def test_the_weights_are_those_with_which_values_enter_the_output():
    layer = miq()
    output, weights = layer(X, X, X, attn_mask=CAUSAL, average_attn_weights=False)

    values = layer.attention.value(X).view(B, L, HEADS, -1).transpose(1, 2)  # (B, heads, L, d)
    mixed = (weights @ values).transpose(1, 2).flatten(2)
    torch.testing.assert_close(layer.out_proj(mixed), output)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, HEADS, L))


# Inside PyTorch's encoders


@pytest.mark.parametrize("built", ["with it", "before it"])
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("call", ["none", "mask", "padding", "both"])
@pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:Support for mismatched")
def test_an_encoder_gives_the_same_in_training_and_evaluation(call, batch_first, norm_first, built):
    """With and without gradients: PyTorch's fast path, which would read other weights, is declined."""
    options = {"batch_first": batch_first, "norm_first": norm_first}
    if built == "with it":
        layer = nn.TransformerEncoderLayer(D, HEADS, 16, 0.0, **options)
        layer.self_attn = miq(batch_first=batch_first)
        model = nn.TransformerEncoder(layer, 2)
    else:
        model = encoder(**options)
        for layer in model.layers:
            layer.self_attn = miq(batch_first=batch_first)
    masks = {"mask": {"mask": CAUSAL}, "padding": {"src_key_padding_mask": PADDING}}
    masks |= {"none": {}, "both": masks["mask"] | masks["padding"]}
    x = X if batch_first else X.transpose(0, 1)

    trained = model.train()(x, **masks[call])
    evaluated = model.eval()(x, **masks[call])
    with torch.inference_mode():
        served = model(x, **masks[call])

    assert trained.isfinite().all()
    torch.testing.assert_close(evaluated, trained)
    torch.testing.assert_close(served, trained.detach())


@pytest.mark.parametrize("masks", [{}, {"mask": CAUSAL}])
@pytest.mark.parametrize("training", [False, True])
def test_an_encoder_whose_attention_is_replaced_with_window_one_is_what_it_was(training, masks):
    old = encoder().train(training)
    new = replace_attention(deepcopy(old), window=1)
    torch.testing.assert_close(new(X, **masks), old(X, **masks))


def test_a_larger_window_keeps_every_weight_that_the_old_layer_had():
    old = theirs(dtype=torch.double)
    layer = replace_attention(old, window=3).attention
    query, key, value = old.in_proj_weight.chunk(3)
    for matrix in layer.query_weight:
        assert torch.equal(matrix, query.T)
    assert torch.equal(layer.key.weight, key)
    assert torch.equal(layer.value.weight, value)
    assert torch.equal(layer.pool_value.weight, old.out_proj.weight)


def test_a_layer_that_occurs_twice_is_replaced_by_one():
    shared = theirs()
    model = replace_attention(nn.ModuleDict({"a": shared, "b": nn.ModuleList([shared])}))
    assert model["a"] is model["b"][0]
    assert isinstance(model["a"], MultiItemQueryMHA)


def test_a_decoder_keeps_its_attention_to_the_encoder():
    model = replace_attention(nn.Transformer(D, HEADS, 1, 1, 16, batch_first=True))
    decoder = model.decoder.layers[0]
    assert isinstance(decoder.self_attn, MultiItemQueryMHA)
    assert isinstance(decoder.multihead_attn, nn.MultiheadAttention)
    assert model(X, X[:, :4]).shape == (B, 4, D)


def test_what_replaced_a_layer_is_in_its_mode_and_on_its_type_and_device():
    new = replace_attention(theirs(dtype=torch.bfloat16, device="meta", dropout=0.1).eval())
    assert not new.training
    assert new.attention.dropout == 0.1
    assert {(p.dtype, p.device.type) for p in new.parameters()} == {(torch.bfloat16, "meta")}


def test_it_starts_at_the_scale_at_which_the_replaced_layer_starts():
    old, new = nn.MultiheadAttention(256, 4), MultiItemQueryMHA(256, 4, window=5)
    layer = new.attention
    for weight in (
        layer.query_weight,
        layer.key.weight,
        layer.value.weight,
        layer.pool_query.weight,
    ):
        torch.testing.assert_close(weight.std(), old.in_proj_weight.std(), rtol=0.02, atol=0)
    torch.testing.assert_close(
        layer.pool_value.weight.std(), old.out_proj.weight.std(), rtol=0.02, atol=0
    )
    torch.testing.assert_close(layer.dummy_items.std(), torch.tensor(1.0), rtol=0.1, atol=0)
    assert all((p == 0).all() for name, p in layer.named_parameters() if name.endswith("bias"))


# What PyTorch does with modules


def test_a_copy_and_its_saved_weights_give_the_same():
    layer = miq()
    copy, fresh = deepcopy(layer), miq()
    fresh.load_state_dict(layer.state_dict())
    for other in (copy, fresh):
        torch.testing.assert_close(other(X, X, X, PADDING), layer(X, X, X, PADDING))


@pytest.mark.parametrize("padding", [None, PADDING])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_stays_near_float32(dtype, padding):
    layer = miq()
    expected, weights = layer(X, X, X, padding, attn_mask=CAUSAL)
    with torch.autocast("cpu", dtype):
        output, reduced = layer(X, X, X, padding, attn_mask=CAUSAL)
    assert output.dtype == dtype
    torch.testing.assert_close(output.float(), expected, atol=0.02, rtol=0.05)
    torch.testing.assert_close(reduced.float(), weights, atol=0.02, rtol=0.05)


LONGER = torch.randn(4, 11, D), torch.arange(11) >= torch.tensor([[11], [1], [5], [9]])
SHORTEST = torch.randn(2, 1, D), torch.zeros(2, 1, dtype=torch.bool)


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_an_encoder_compiles_into_one_graph_with_the_same_outputs_and_gradients(backend):
    model = Causal()
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    results = [run(X, PADDING) for run in (compiled, model)]
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad((r**2).sum(), [*model.parameters()]) for r in results]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-4)


SHAPES = {"x": {0: torch.export.Dim("B"), 1: torch.export.Dim("L")}}
SHAPES["padding"] = SHAPES["x"]


@pytest.mark.filterwarnings("ignore:Support for mismatched")
def test_an_encoder_is_exported_for_every_batch_and_length():
    model = Causal().eval()
    program = torch.export.export(model, (X, PADDING), dynamic_shapes=SHAPES).module()
    for inputs in (LONGER, SHORTEST):
        torch.testing.assert_close(program(*inputs), model(*inputs))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Support for mismatched")
def test_an_encoder_is_exported_to_onnx_for_every_batch_and_length(tmp_path):
    model = Causal().eval()
    file = str(tmp_path / "encoder.onnx")
    torch.onnx.export(model, (X, PADDING), file, dynamo=True, dynamic_shapes=SHAPES)
    session = onnxruntime.InferenceSession(file)
    for inputs in (LONGER, SHORTEST):
        names = [each.name for each in session.get_inputs()]
        values = dict(zip(names, (x.numpy() for x in inputs), strict=True))
        (output,) = session.run(None, values)
        torch.testing.assert_close(torch.from_numpy(output), model(*inputs), rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient():
    for window in (1, 2, 3):
        layer = miq(window)
        layer(X, X, X, PADDING, attn_mask=CAUSAL)[0].sum().backward()
        assert all(p.grad is not None for p in layer.parameters())


@pytest.mark.slow
@pytest.mark.skipif(not distributed.is_available(), reason="PyTorch was built without it")
def test_two_processes_train_an_encoder_as_one_does_on_both_batches(tmp_path):
    multiprocessing.spawn(process, (str(tmp_path),), nprocs=2)
    torch.manual_seed(0)
    model = Causal()
    train(model, [X, X + 1])
    for rank in (0, 1):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), dict(model.state_dict()))


# What is refused


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: miq()(X, X[:, :4], X[:, :4]), "query, key and value must be of one shape"),
        (lambda: miq()(X[..., :4], X[..., :4], X[..., :4]), "the last of which is 8"),
        (lambda: miq()(X, X, X, PADDING.T), "key_padding_mask must be of shape"),
        (lambda: miq()(X, X, X, attn_mask=CAUSAL[:4]), "attn_mask must be of shape"),
        (lambda: miq()(X, X, X, attn_mask=CAUSAL.expand(B, L, L)), "which is batch \\* heads"),
        (lambda: miq()(X, X, X, attn_mask=CAUSAL.long()), "a mask must be bool"),
        (lambda: miq(window=0), "window is 0"),
        (lambda: replace_attention(nn.Linear(2, 2)), "Linear has no nn.MultiheadAttention"),
        (lambda: replace_attention(theirs(kdim=4)), "another width"),
        (lambda: replace_attention(theirs(add_zero_attn=True)), "add_zero_attn"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        call()


def test_a_model_with_a_layer_that_cannot_be_replaced_stays_as_it_was():
    model = nn.ModuleList([theirs(), theirs(vdim=4)])
    with pytest.raises(MiqrecError, match=r"^1 attends to inputs of another width"):
        replace_attention(model)
    assert isinstance(model[0], nn.MultiheadAttention)
