"""MIQ-Attn and the late mixture in RecBole; `make test-adapters` runs this in RecBole's own environment."""

import logging
import sys

import pytest
import torch

pytest.importorskip("recbole")

from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.model.layers import TransformerEncoder
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer
from recbole.utils import init_seed

from adapters.conformance import DIM, HEADS, attention_of, conformance
from miqrec.adapters.recbole import MIQSASRec, MixtureSASRec
from miqrec.adapters.recbole.layers import MIQMultiHeadAttention
from miqrec.errors import MiqrecError

ITEMS = 12


def build(window):
    encoder = TransformerEncoder(1, HEADS, DIM, 16, 0.0, 0.0, "gelu", 1e-12)
    encoder.layer[0].multi_head_attention = MIQMultiHeadAttention(
        HEADS, DIM, 0.0, 0.0, 1e-12, window=window
    )
    return encoder


def run(encoder, x, padding):
    """RecBole's own mask: -10000 for what comes later and for padding."""
    return encoder(x, SASRec.get_attention_mask(None, ~padding))[-1]


def alone(encoder, sequence):
    """RecBole's block, written out around our own layer."""
    (block,) = encoder.layer
    x = block.multi_head_attention.LayerNorm(sequence + attention_of(encoder)(sequence))
    return block.feed_forward(x)


test_conformance = conformance(build, {"additive": run}, alone)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Everybody walks from item to item around a circle."""
    folder = tmp_path_factory.mktemp("recbole")
    (folder / "circle").mkdir()
    rows = [
        f"{user}\t{(user + step) % ITEMS}\t{step}"
        for user in range(60)
        for step in range(4 + user // ITEMS)
    ]
    head = "user:token\titem:token\ttime:float"
    (folder / "circle" / "circle.inter").write_text("\n".join([head, *rows]))
    return folder


@pytest.fixture(autouse=True)
def _quiet(folder, monkeypatch):
    """RecBole reads the command line, and writes logs and checkpoints where it is run."""
    monkeypatch.setattr(sys, "argv", ["test"])
    monkeypatch.chdir(folder)
    logging.disable(logging.WARNING)


def configured(folder, model, **settings):
    return Config(
        model=model,
        dataset="circle",
        config_dict={
            "data_path": str(folder),
            "USER_ID_FIELD": "user",
            "ITEM_ID_FIELD": "item",
            "TIME_FIELD": "time",
            "load_col": {"inter": ["user", "item", "time"]},
            "MAX_ITEM_LIST_LENGTH": 8,
            "loss_type": "CE",
            "train_neg_sample_args": None,
            "train_batch_size": 32,
            "epochs": 1,
            "use_gpu": False,
            "topk": [1],
            "metrics": ["Hit"],
            "valid_metric": "Hit@1",
        }
        | settings,
    )


def prepared(folder, model, **settings):
    """The model as RecBole makes it, and its data for training, validation and test."""
    config = configured(folder, model, **settings)
    init_seed(0, reproducibility=True)
    data = data_preparation(config, create_dataset(config))
    return model(config, data[0].dataset), data, config


def questions(data):
    return next(iter(data[2]))[0]


@pytest.mark.parametrize(("model", "loss"), [(MIQSASRec, "CE"), (MixtureSASRec, "BPR")])
def test_recbole_trains_and_scores_it(folder, model, loss):
    settings = {"epochs": 15, "learning_rate": 0.003, "loss_type": loss}
    settings |= {"hidden_dropout_prob": 0.0, "attn_dropout_prob": 0.0}
    if loss == "BPR":
        settings["train_neg_sample_args"] = {"distribution": "uniform", "sample_num": 1}
    made, (train, _, test), config = prepared(folder, model, **settings)
    trainer = Trainer(config, made)
    trainer.fit(train, saved=False)
    assert trainer.evaluate(test, load_best_model=False)["hit@1"] > 0.8


def test_its_defaults_are_those_of_recboles_own_model(folder):
    own = configured(folder, "SASRec")
    made, _, _ = prepared(folder, MIQSASRec)
    assert attention_of(made.trm_encoder.layer[0]).window == 5
    for name in MIQSASRec.DEFAULTS.keys() - {"mixture", "window", "pooling"}:
        assert made.settings[name] == own[name], name


def test_query_matrices_and_dummy_items_start_as_recbole_starts_its_own(folder):
    made, _, _ = prepared(folder, MIQSASRec, window=9, initializer_range=0.05)
    for layer in made.trm_encoder.layer:
        weights = dict(attention_of(layer).named_parameters())
        for name in ("query_weight", "dummy_items", "key.weight", "pool_value.weight"):
            torch.testing.assert_close(weights[name].std(), torch.tensor(0.05), rtol=0.1, atol=0)
        assert all((p == 0).all() for name, p in weights.items() if name.endswith("bias"))


def test_one_answer_gives_recboles_own_scores(folder):
    mixing, data, _ = prepared(folder, MixtureSASRec, mixture=[1.0])
    own = SASRec(mixing.settings, data[0].dataset).eval()
    own.load_state_dict(mixing.eval().state_dict())
    for scores in ("full_sort_predict", "predict"):
        ours, theirs = (getattr(model, scores)(questions(data)) for model in (mixing, own))
        assert torch.equal(ours, theirs)


def test_several_answers_are_mixed_as_probabilities_over_all_items(folder):
    made, data, _ = prepared(folder, MixtureSASRec, mixture=[0.5, 0.3, 0.2])
    made.eval()
    asked = questions(data)
    items = asked["item_list"]
    length = int((items[0] > 0).sum())

    scores = made.full_sort_predict(asked)

    states = made.states(items)[0, [length - 1, length - 2, length - 3]]
    newest = made(items, asked["item_length"])[0]
    torch.testing.assert_close(states[0], newest)
    answers = (states @ made.item_embedding.weight[1:].T).softmax(-1)
    torch.testing.assert_close(scores[0, 1:].exp(), torch.tensor([0.5, 0.3, 0.2]) @ answers)
    torch.testing.assert_close(made.predict(asked)[0], scores[0, asked["item"][0]])


def test_a_checkpoint_gives_the_same_scores(folder, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # RecBole saves its config beside
    made, (train, valid, test), config = prepared(folder, MIQSASRec)
    trainer = Trainer(config, made)
    trainer.fit(train, valid)
    expected = trainer.evaluate(test, load_best_model=False)
    again = Trainer(config, MIQSASRec(config, train.dataset))
    assert again.evaluate(test, model_file=trainer.saved_model_file) == expected


def test_what_does_not_fit_is_refused_in_a_sentence(folder):
    with pytest.raises(MiqrecError, match="window is 0"):
        prepared(folder, MIQSASRec, window=0)
    made, data, _ = prepared(folder, MixtureSASRec, mixture=[0.0, 1.0])
    with pytest.raises(MiqrecError, match="must be above 0"):
        made.full_sort_predict(questions(data))
