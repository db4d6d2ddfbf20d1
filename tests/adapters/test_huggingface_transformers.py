"""The encoder as a model of Transformers; `make test-adapters` runs this in an environment that has it."""

import pytest
import torch

pytest.importorskip("transformers")

from transformers import AutoConfig, AutoModel, Trainer, TrainingArguments

from adapters.conformance import DIM, HEADS, LENGTH, conformance
from miqrec.adapters.huggingface import (
    MIQRecConfig,
    MIQRecForNextItem,
    MIQRecModel,
    as_pretrained,
)
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.recommender import Recommender
from miqrec.testing.frames import circle

SIZES = {"vocab_size": 21, "dim": DIM, "n_heads": HEADS, "n_layers": 1, "max_length": 9}
ITEMS = torch.tensor([[1, 2, 3, 4, 5], [7, 8, 0, 0, 0], [0, 0, 0, 9, 10]])


def build(window, **options):
    return MIQRecModel(MIQRecConfig(window=window, **SIZES | options)).eval()


def from_vectors(model, x, padding):
    return model(inputs_embeds=x, attention_mask=(~padding).long()).last_hidden_state


def alone(model, sequence):
    """The blocks of our own encoder, on one sequence without padding."""
    encoder, lengths = model.encoder, torch.tensor([sequence.shape[1]])
    x = encoder.embedding.place(sequence, lengths)
    for block in encoder.blocks:
        x = block(x, lengths)
    return encoder.norm(x)


test_conformance = conformance(build, {"attention_mask": from_vectors}, alone)


@pytest.mark.parametrize("block", ["sasrec", "s3rec"])
@pytest.mark.parametrize("window", [None, 1, 3])
def test_ids_give_the_states_of_our_own_encoder_wherever_padding_stands(window, block):
    model = build(window, block=block)
    states = model(ITEMS).last_hidden_state
    for row, items in enumerate(ITEMS):
        real = items > 0
        expected = model.encoder(items[real][None], real.sum()[None])[0]
        torch.testing.assert_close(states[row, real], expected)


def test_a_saved_model_is_found_by_auto_model(tmp_path):
    model = build(3)
    model.save_pretrained(tmp_path)

    loaded = AutoModel.from_pretrained(tmp_path)

    assert isinstance(loaded, MIQRecModel)
    assert AutoConfig.from_pretrained(tmp_path).window == 3
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    torch.testing.assert_close(loaded(ITEMS)[0], model(ITEMS)[0])
    assert isinstance(AutoModel.from_config(model.config), MIQRecModel)


def test_query_matrices_and_dummy_items_start_as_transformers_starts_its_own():
    model = MIQRecModel(MIQRecConfig(vocab_size=500, dim=64, window=9))
    weights = dict(model.encoder.blocks[0].attention.named_parameters())
    for name in ("query_weight", "dummy_items", "key.weight", "pool_value.weight"):
        torch.testing.assert_close(weights[name].std(), torch.tensor(0.02), rtol=0.1, atol=0)
    assert (weights["query_bias"] == 0).all()


@pytest.mark.parametrize("name", ["sasrec", "miq-sasrec", "miq-s3rec"])
def test_a_fitted_recommender_becomes_a_model_with_its_scores(name):
    fitted = Recommender.fit(circle(), name, epochs=2, dim=8, max_length=10)
    model, encoder = as_pretrained(fitted), fitted.artifact.model.eval()
    items, lengths = torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([3, 2])

    states = model(items).last_hidden_state

    newest = states[[0, 1], [2, 1]]
    scores = newest @ model.get_input_embeddings().weight.T
    expected = encoder.scores(items, lengths)  # S3-Rec's vectors have one for its mask besides
    torch.testing.assert_close(scores[:, : expected.shape[1]], expected)


def test_a_mixture_that_was_trained_stays_behind_with_a_warning():
    fitted = Recommender.fit(circle(), "sasrec", epochs=1, dim=8, max_length=10, answers=2)
    with pytest.warns(MiqrecWarning, match="the trained mixture stays behind"):
        as_pretrained(fitted)


WALKS = [
    {"input_ids": torch.arange(s, s + 5) % 20 + 1, "labels": torch.arange(s + 1, s + 6) % 20 + 1}
    for s in range(20)
]


def test_transformers_trains_it_to_follow_a_circle(tmp_path):
    pytest.importorskip("accelerate")
    arguments = TrainingArguments(
        str(tmp_path),
        num_train_epochs=40,
        learning_rate=0.02,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
    )
    model = MIQRecForNextItem(MIQRecConfig(window=3, dropout=0.0, **SIZES))
    trainer = Trainer(model, arguments, train_dataset=WALKS)
    trainer.train()
    best = trainer.predict(WALKS).predictions.argmax(-1)
    asked = torch.stack([walk["labels"][-1] for walk in WALKS]).numpy()
    assert (best == asked).mean() > 0.9


def test_logits_mix_what_the_newest_states_predict_without_what_was_seen(tmp_path):
    model = MIQRecForNextItem(MIQRecConfig(window=3, mixture=(0.6, 0.4), **SIZES)).eval()
    model.save_pretrained(tmp_path)
    model = MIQRecForNextItem.from_pretrained(tmp_path)

    logits = model(ITEMS, seen_ids=torch.tensor([[2, 0], [3, 4], [0, 0]])).logits

    states, vectors = model.model(ITEMS)[0], model.model.get_input_embeddings().weight
    left = [item for item in range(1, 21) if item not in {3, 4}]
    answers = (states[1, [1, 0]] @ vectors[left].T).softmax(-1)
    torch.testing.assert_close(logits[1, left].exp(), torch.tensor([0.6, 0.4]) @ answers)
    assert logits[1, [0, 3, 4]].isinf().all()


def test_the_loss_is_the_mean_cross_entropy_of_the_labels():
    model = MIQRecForNextItem(MIQRecConfig(window=3, **SIZES)).eval()
    labels = torch.tensor([[0, 0, 0, 0, 6], [8, 9, 0, 0, 0], [-100, -100, -100, 10, 11]])

    loss = model(ITEMS, labels=labels).loss

    states, vectors = model.model(ITEMS)[0], model.model.get_input_embeddings().weight[1:]
    asked = [(0, 4, 6), (1, 0, 8), (1, 1, 9), (2, 3, 10), (2, 4, 11)]
    losses = [
        -(states[row, place] @ vectors.T).log_softmax(-1)[item - 1] for row, place, item in asked
    ]
    torch.testing.assert_close(loss, torch.stack(losses).mean())


def test_a_row_of_padding_alone_has_numbers():
    assert build(3)(torch.zeros(1, 4, dtype=torch.long))[0].isfinite().all()


def test_what_transformers4rec_asks_of_a_model():
    """Its TransformerBlock calls a model with `inputs_embeds`, takes output 0, and reads `hidden_size`."""
    model, x = build(3), torch.randn(2, LENGTH, DIM)
    states = model(inputs_embeds=x)[0]
    assert states.shape == (2, LENGTH, model.config.hidden_size)
    torch.testing.assert_close(states[0], alone(model, x[:1])[0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: build(3)(None), "either input_ids or inputs_embeds"),
        (lambda: build(3)(ITEMS, torch.ones(2, 5)), "attention_mask must be of shape"),
        (
            lambda: build(3)(torch.ones(1, 10, dtype=torch.long)),
            "does not fit a model of max_length",
        ),
        (lambda: as_pretrained(Recommender.fit(circle(), "popularity")), "no encoder of attention"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        call()
