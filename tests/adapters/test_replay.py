"""MIQ-Attn and the late mixture in RePlay; `make test-adapters` runs this in RePlay's own environment."""

from copy import deepcopy

import pytest
import torch

pytest.importorskip("replay")

from replay.data import FeatureHint, FeatureSource, FeatureType
from replay.data.nn import TensorFeatureInfo, TensorFeatureSource, TensorSchema
from replay.nn.lightning import LightningModule
from replay.nn.loss import CE
from replay.nn.mask import DefaultAttentionMask
from replay.nn.sequential import SasRec, SasRecBody

from adapters.conformance import DIM, HEADS, attention_of, conformance
from miqrec.adapters.replay import MIQTransformerLayer, MixtureSasRec
from miqrec.adapters.torch import replace_attention
from miqrec.errors import MiqrecError

ITEMS = 12  # numbered 0 to 11; RePlay pads with the next number
SCHEMA = TensorSchema(
    [
        TensorFeatureInfo(
            "item_id",
            FeatureType.CATEGORICAL,
            is_seq=True,
            feature_hint=FeatureHint.ITEM_ID,
            feature_sources=[TensorFeatureSource(FeatureSource.INTERACTIONS, "item_id")],
            cardinality=ITEMS,
            padding_value=ITEMS,
            embedding_dim=DIM,
        )
    ]
)
SIZES = {"embedding_dim": DIM, "num_heads": HEADS, "num_blocks": 1, "dropout": 0.0}
HISTORIES = torch.tensor([[3, 4, 5, 6, 7], [ITEMS, ITEMS, 9, 10, 11], [ITEMS, ITEMS, ITEMS, 0, 1]])


def build(window, **options):
    return MIQTransformerLayer(DIM, HEADS, 1, 0.0, "relu", window=window, **options)


def sasrec(kind=SasRec, window=None, **options):
    torch.manual_seed(0)
    model = kind.from_params(SCHEMA, max_sequence_length=8, **SIZES | options)
    if window is not None:
        model.body.encoder = build(window)
        model.reset_parameters()
    return model


def batch(items, **more):
    return {"feature_tensors": {"item_id": items}, "padding_mask": items != ITEMS} | more


# Both masks, as RePlay makes them


def run(layer, x, padding, *, training):
    """RePlay's own masks: -inf in training, the lowest float in evaluation."""
    masks = DefaultAttentionMask("item_id", HEADS).train(training)
    items = {"item_id": torch.zeros(padding.shape)}
    return layer.train(training)(items, x, ~padding, masks(items, ~padding))


def in_training(layer, x, padding):
    return run(layer, x, padding, training=True)


def in_evaluation(layer, x, padding):
    return run(layer, x, padding, training=False)


def alone(layer, sequence):
    """RePlay's block, written out around our own layer."""
    query = layer.attention_layernorms[0](sequence)
    x = layer.forward_layernorms[0](query + attention_of(layer)(query, sequence))
    return layer.forward_layers[0](x)


test_conformance = conformance(build, {"training": in_training, "evaluation": in_evaluation}, alone)


# Inside SasRec


def circle(model, steps=150):
    """Everybody walks from item to item around a circle; RePlay's module trains on it."""
    module, starts = LightningModule(model.train()), torch.arange(ITEMS)[:, None]
    walks = (starts + torch.arange(6)) % ITEMS
    labels = walks[:, 1:, None]
    call = batch(walks[:, :-1], positive_labels=labels, target_padding_mask=labels >= 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        module(dict(call))["loss"].backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("kind", [SasRec, MixtureSasRec])
def test_replay_trains_it_to_follow_a_circle(kind):
    model = circle(sasrec(kind, window=3))
    best = LightningModule(model).eval()(batch(HISTORIES))["logits"].argmax(-1)
    assert best[0] == 8
    assert best[2] == 2


def test_a_sasrec_starts_it_as_replay_starts_its_own():
    theirs = SasRec.from_params(SCHEMA, embedding_dim=DIM, num_heads=HEADS)
    own = sasrec(embedding_dim=DIM)
    own.body.encoder = layer = MIQTransformerLayer(256, 4, 1, 0.0, window=9)
    theirs.body.encoder = type(theirs.body.encoder)(256, 4, 1, 0.0)
    for model in (own, theirs):
        model.reset_parameters()
    old, new = theirs.body.encoder.attention_layers[0], attention_of(layer)

    for matrix in (*new.query_weight, new.key.weight, new.value.weight, new.pool_query.weight):
        torch.testing.assert_close(matrix.std(), old.in_proj_weight.std(), rtol=0.02, atol=0)
    torch.testing.assert_close(
        new.pool_value.weight.std(), old.out_proj.weight.std(), rtol=0.02, atol=0
    )
    expected = torch.tensor((2 / (8 + 256)) ** 0.5)  # Glorot's for a matrix (8, 256)
    torch.testing.assert_close(new.dummy_items.std(), expected, rtol=0.1, atol=0)
    assert all((p == 0).all() for name, p in new.named_parameters() if name.endswith("bias"))


def test_a_body_takes_it_as_its_encoder_and_sasrec_starts_the_weights_by_itself():
    exchanged = sasrec(window=3)
    parts = deepcopy(exchanged.body)
    body = SasRecBody(
        parts.embedder,
        parts.embedding_aggregator,
        parts.attn_mask_builder,
        encoder=build(3),
        output_normalization=parts.output_normalization,
    )

    torch.manual_seed(1)
    made = SasRec(body, CE(ignore_index=ITEMS))

    torch.manual_seed(1)
    exchanged.reset_parameters()
    ours, theirs = (attention_of(model).state_dict() for model in (made, exchanged))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    assert circle(made)(**batch(HISTORIES))["logits"].argmax(-1)[0] == 8


def test_a_trained_sasrec_whose_attention_is_replaced_with_window_one_is_what_it_was():
    old = circle(sasrec(), steps=5)
    expected = old(**batch(HISTORIES))["logits"]
    new = replace_attention(old, window=1)
    torch.testing.assert_close(new(**batch(HISTORIES))["logits"], expected)


def test_training_and_evaluation_give_the_same_states():
    model = sasrec(window=3)
    trained, evaluated = (
        model.train(mode).body({"item_id": HISTORIES}, HISTORIES != ITEMS) for mode in (True, False)
    )
    real = HISTORIES != ITEMS
    assert trained.isfinite().all()
    torch.testing.assert_close(trained[real], evaluated[real])


def test_a_model_with_it_is_exported_for_every_batch():
    model = sasrec(window=3).eval()
    axes = {0: torch.export.Dim("B")}
    inputs = {"item_id": HISTORIES}, HISTORIES != ITEMS
    program = torch.export.export(
        model, inputs, dynamic_shapes={"feature_tensors": {"item_id": axes}, "padding_mask": axes}
    ).module()
    two = {"item_id": HISTORIES[:2]}, HISTORIES[:2] != ITEMS
    torch.testing.assert_close(program(*two)["logits"], model(*two)["logits"])


# The mixture


def test_one_answer_ranks_as_replay_does():
    trained = circle(sasrec(window=3), steps=5)
    mixing = sasrec(MixtureSasRec, window=3).eval()
    mixing.load_state_dict(trained.state_dict())
    mixing.weights = (1.0,)
    ours, own = (model(**batch(HISTORIES))["logits"] for model in (mixing, trained))
    torch.testing.assert_close(ours, own.log_softmax(-1))


@pytest.mark.parametrize("candidates", [None, [11, 2, 4, 8]])
def test_several_answers_are_mixed_as_probabilities_over_what_may_be_recommended(candidates):
    model = circle(sasrec(MixtureSasRec), steps=5)
    model.weights = (0.5, 0.3, 0.2)
    items, seen = HISTORIES[:1], torch.tensor([[4, 4, -1, ITEMS, 5]])
    may = [item for item in candidates or range(ITEMS) if item not in {4, 5}]
    call = batch(items, seen_ids=seen)
    if candidates:
        call["candidates_to_score"] = torch.tensor(candidates)

    logits = LightningModule(model).eval()(call)["logits"][0]

    states = model.body({"item_id": items}, items != ITEMS)[0]
    vectors = model.body.embedder.get_item_weights()[may]
    answers = (states[[-1, -2, -3]] @ vectors.T).softmax(-1)
    places = [(candidates or list(range(ITEMS))).index(item) for item in may]
    torch.testing.assert_close(logits[places].exp(), torch.tensor([0.5, 0.3, 0.2]) @ answers)
    assert logits.isinf().sum() == len(logits) - len(may)


def test_what_does_not_fit_is_refused_in_a_sentence():
    model = sasrec(MixtureSasRec).eval()
    with pytest.raises(MiqrecError, match="one axis"):
        model(**batch(HISTORIES, candidates_to_score=torch.zeros(3, 2, dtype=torch.long)))
    model.weights = (0.0, 1.0)
    with pytest.raises(MiqrecError, match="must be above 0"):
        model(**batch(HISTORIES))
