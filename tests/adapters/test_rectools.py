"""MIQ-Attn and the late mixture in RecTools; `make test-adapters` runs this in RecTools' own environment."""

from types import SimpleNamespace

import pytest
import torch

pytest.importorskip("rectools")

import pandas as pd
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel, load_model
from rectools.models.nn.transformers.torch_backbone import TransformerTorchBackbone

from adapters.conformance import DIM, HEADS, attention_of, conformance
from miqrec.adapters.rectools import MIQTransformerLayers, MixtureLightningModule
from miqrec.errors import MiqrecError

ITEMS = 12
SIZES = {"n_factors": 16, "n_heads": 2, "n_blocks": 1, "session_max_len": 8, "dropout_rate": 0.0}
MIQ = {
    "transformer_layers_type": MIQTransformerLayers,
    "transformer_layers_kwargs": {"window": 3},
}


def build(window):
    return MIQTransformerLayers(1, DIM, HEADS, 0.0, window=window)


def causal_alone(layers, x, padding):
    """RecTools' default: the mask is causal, and only the timeline knows of padding."""
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    return layers(x * 1, ~padding.unsqueeze(-1), mask, None)


def merged(layers, x, padding):
    """With `use_key_padding_mask`: RecTools merges both masks and clears the diagonal."""
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    backbone = SimpleNamespace(
        n_heads=HEADS, _convert_mask_to_float=TransformerTorchBackbone._convert_mask_to_float
    )
    mask = TransformerTorchBackbone._merge_masks(backbone, mask, padding, x)
    return layers(x * 1, ~padding.unsqueeze(-1), mask, None)


def alone(layers, sequence):
    """RecTools' block, written out around our own layer."""
    (block,) = layers.transformer_blocks
    query = block.q_layer_norm(sequence)
    x = block.ff_layer_norm(query + attention_of(layers)(query, sequence))
    return layers.last_layernorm(x + block.feed_forward(x))


test_conformance = conformance(build, {"causal": causal_alone, "merged": merged}, alone)


def circle(users=60):
    """Everybody walks from item to item around a circle."""
    rows = [
        (user, (user + step) % ITEMS, pd.Timestamp("2020-01-01") + pd.Timedelta(step, "D"), 1)
        for user in range(users)
        for step in range(2 + user // ITEMS)
    ]
    names = [Columns.User, Columns.Item, Columns.Datetime, Columns.Weight]
    return Dataset.construct(pd.DataFrame(rows, columns=names))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return circle()


def fitted(dataset, epochs=1, **options):
    torch.manual_seed(0)
    return SASRecModel(epochs=epochs, lr=0.01, batch_size=16, **SIZES | options).fit(dataset)


def lists(model, dataset, *, k=3, users=None, **options):
    users = list(range(60)) if users is None else users
    return model.recommend(users, dataset, k=k, **{"filter_viewed": True} | options)


def test_rectools_trains_it_to_follow_a_circle(dataset):
    best = lists(fitted(dataset, epochs=20, **MIQ), dataset, k=1)
    expected = (best[Columns.User] + 2 + best[Columns.User] // ITEMS) % ITEMS
    assert (best[Columns.Item] == expected).mean() > 0.9


def test_a_config_names_it_by_its_path(dataset):
    config = SASRecModel(**SIZES | MIQ).get_config(simple_types=True)
    config["transformer_layers_type"] = "miqrec.adapters.rectools.MIQTransformerLayers"

    model = SASRecModel.from_config(config)

    assert model.transformer_layers_type is MIQTransformerLayers
    assert attention_of(model.fit(dataset).torch_model).window == 3


@pytest.mark.parametrize(
    "options",
    [
        MIQ,
        MIQ
        | {
            "lightning_module_type": MixtureLightningModule,
            "lightning_module_kwargs": {"weights": [0.6, 0.4]},
        },
    ],
)
def test_a_saved_model_gives_the_same_lists(dataset, tmp_path, options):
    model = fitted(dataset, **options)
    model.save(tmp_path / "model.pkl")
    pd.testing.assert_frame_equal(
        lists(load_model(tmp_path / "model.pkl"), dataset), lists(model, dataset)
    )


def test_query_matrices_start_as_rectools_starts_every_matrix():
    layers = MIQTransformerLayers(1, 64, 2, 0.0, window=5)
    before = attention_of(layers)
    lightning = SimpleNamespace(torch_model=layers)
    MixtureLightningModule._xavier_normal_init(lightning)

    layer = attention_of(layers)
    assert layer is before
    for matrix in (*layer.query_weight, layer.key.weight, layer.pool_value.weight):
        torch.testing.assert_close(matrix.std(), torch.tensor(64**-0.5), rtol=0.1, atol=0)
    assert (layer.query_bias == 0).all()


def mixing(*weights, **options):
    return {
        "lightning_module_type": MixtureLightningModule,
        "lightning_module_kwargs": {"weights": list(weights)} | options,
    }


@pytest.mark.parametrize("filtered", [True, False])
def test_one_answer_gives_rectools_own_lists(dataset, filtered):
    own = lists(fitted(dataset), dataset, filter_viewed=filtered)
    ours = lists(fitted(dataset, **mixing(1.0)), dataset, filter_viewed=filtered)
    columns = [Columns.User, Columns.Item, Columns.Rank]
    pd.testing.assert_frame_equal(ours[columns], own[columns])


def test_several_answers_are_mixed_as_probabilities_over_what_may_be_recommended(dataset):
    model = fitted(dataset, **mixing(0.5, 0.3, 0.2, logits_t=0.7))
    user, may = 13, [0, 5, 6, 7, 8]  # this user has had items 1, 2 and 3
    network = model.torch_model.eval()
    external = list(model.data_preparator.get_known_item_ids())
    number = {
        item: network.item_model.n_items - len(external) + i for i, item in enumerate(external)
    }

    best = lists(model, dataset, k=5, users=[user], items_to_recommend=may)

    with torch.no_grad():
        vectors = network.item_model.get_all_embeddings()
        history = torch.tensor([[0] * 5 + [number[item] for item in (1, 2, 3)]])
        states = network.encode_sessions({"x": history}, vectors)[0]
    candidates = vectors[[number[item] for item in may]]
    answers = (states[[-1, -2, -3]] @ candidates.T / 0.7).softmax(-1)
    expected = (torch.tensor([0.5, 0.3, 0.2]) @ answers).log()
    scores = dict(zip(best[Columns.Item], best[Columns.Score], strict=True))
    torch.testing.assert_close(torch.tensor([scores[item] for item in may]), expected)
    assert best[Columns.Score].is_monotonic_decreasing


def test_what_does_not_fit_is_refused_in_a_sentence(dataset):
    cosine = fitted(dataset, **mixing(1.0), similarity_module_kwargs={"distance": "cosine"})
    with pytest.raises(MiqrecError, match="scores that are dot products"):
        lists(cosine, dataset)
    with pytest.raises(MiqrecError, match="must be above 0"):
        lists(fitted(dataset, **mixing(0.0, 1.0)), dataset)
    with pytest.raises(TypeError, match="windows"):
        fitted(dataset, **MIQ | {"transformer_layers_kwargs": {"windows": 3}})
