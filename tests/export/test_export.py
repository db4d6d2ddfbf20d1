"""Exported files answer as the models that they were made from."""

import json
from contextlib import nullcontext

import numpy as np
import onnxruntime
import pytest
import torch

from miqrec import Recommender
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.export import export_onnx, export_program, program
from miqrec.export.check import largest_difference
from miqrec.export.description import KEY
from miqrec.export.graph import Answers, ScoringGraph
from miqrec.testing.frames import circle
from worlds import SIZES

N_ITEMS, K = 20, 5
MIXED = InferenceConfig(mix=(0.6, 0.4), temperature=0.5)

ATTENTION = {"model": "miq-sasrec", "window": 3, **{k: SIZES[k] for k in ("dim", "max_length")}}
MODELS = {
    "attention": ATTENTION,
    "recurrent": {"model": "gru4rec", "dim": 16, "hidden": 16, "max_length": 10},
    "graph": {"model": "sr-gnn", "dim": 16, "max_length": 10},
    "counts": {"model": "popularity"},
    "transitions": {"model": "markov"},
}
INFERENCES = {"one answer": InferenceConfig(), "two answers": MIXED}


def told(name: str):
    """Sessions become graphs of a size of their own, so SR-GNN reads histories of one length, and says it."""
    padded = name == "graph"
    return pytest.warns(MiqrecWarning, match="pads each one to 10") if padded else nullcontext()


def fit(name: str) -> Recommender:
    quick = {} if name in ("counts", "transitions") else {"epochs": 1, "batch_size": 32}
    return Recommender.fit(circle(60, N_ITEMS, 12), **MODELS[name], **quick)


@pytest.fixture(scope="module")
def attention() -> Recommender:
    return fit("attention")


@pytest.fixture(scope="module")
def onnx_file(attention, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(attention.artifact, path, k=K, inference=MIXED)
    return path


def batch(*histories: list[int]) -> dict[str, np.ndarray]:
    """Internal ids as the file takes them, with everything in the histories left out."""
    width = max(len(history) for history in histories)
    items = np.array([[*history, *[0] * (width - len(history))] for history in histories])
    return {"items": items, "lengths": np.array([len(h) for h in histories]), "excluded": items}


def test_a_list_from_the_file_is_that_of_recommend(attention, onnx_file):
    session = onnxruntime.InferenceSession(onnx_file)
    known = json.loads(session.get_modelmeta().custom_metadata_map[KEY])["items"]["item"]
    history = [known[3], known[4], known[5]]

    ids, best = session.run(["ids", "best"], batch([4, 5, 6]))

    expected = attention.recommend(histories=[history], k=K, mix=MIXED.mix, temperature=0.5)
    assert [known[i - 1] for i in ids[0]] == expected["item"].to_list()
    assert best[0].tolist() == pytest.approx(expected["score"].to_list(), abs=1e-5)


def test_histories_of_any_number_and_length(attention, onnx_file):
    def run(items, lengths, excluded):
        inputs = {"items": items, "lengths": lengths, "excluded": excluded}
        session = onnxruntime.InferenceSession(onnx_file)
        answers = session.run(None, {name: x.numpy() for name, x in inputs.items()})
        return Answers(*map(torch.from_numpy, answers))

    artifact = attention.artifact
    assert largest_difference(artifact.model, artifact.popularity, MIXED, run) < 1e-5


def test_attention_works_on_as_many_positions_as_the_longest_history_has(attention, monkeypatch):
    built = []

    def build(*parts, padded=False):
        built.append(padded)
        return ScoringGraph(*parts, padded=padded)

    monkeypatch.setattr(program, "ScoringGraph", build)
    program.trace(attention.artifact.model, attention.artifact.popularity, MIXED, K)
    assert built == [False]  # the graph that pads histories to the model's longest was not needed


def test_all_scores_come_too_so_that_any_filter_can_be_applied(onnx_file):
    session = onnxruntime.InferenceSession(onnx_file)
    ids, best, scores = session.run(None, batch([4, 5, 6]))
    assert scores.shape == (1, N_ITEMS + 1)
    assert np.isneginf(scores[0, [0, 4, 5, 6]]).all()
    assert scores[0, ids[0]].tolist() == best[0].tolist()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "attention"])
def test_every_kind_of_model_becomes_a_program(name, tmp_path):
    recommender, path = fit(name), tmp_path / "model.pt2"
    with told(name):
        assert export_program(recommender.artifact, path, k=K) < 1e-5

    extra = {KEY: ""}
    answer = torch.export.load(path, extra_files=extra).module()
    items = torch.tensor([[4, 5, 6]])
    listed = answer(items, torch.tensor([3]), items)[0][0]

    known = json.loads(extra[KEY])["items"]["item"]
    history = [known[i - 1] for i in (4, 5, 6)]
    best = recommender.recommend(histories=[history], k=K)["score"].to_list()
    assert len(set(best)) < K or [known[i - 1] for i in listed] == (
        recommender.recommend(histories=[history], k=K)["item"].to_list()
    )


@pytest.mark.slow
@pytest.mark.parametrize("inference", INFERENCES)
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_becomes_an_onnx_file(name, inference, tmp_path):
    if inference == "two answers" and name in ("counts", "transitions"):
        pytest.skip("a model that counts has one answer")
    artifact = fit(name).artifact
    asked = {"k": K, "inference": INFERENCES[inference]}
    with told(name):
        assert export_onnx(artifact, tmp_path / "m.onnx", **asked) < 1e-5


def test_a_model_whose_shapes_depend_on_the_data_is_refused(attention, tmp_path, monkeypatch):
    model = attention.artifact.model
    scores = model.scores

    def undecided(items, lengths):
        return scores(items, lengths) if items.sum() > 3 else -scores(items, lengths)

    monkeypatch.setattr(model, "scores", undecided)
    with pytest.raises(MiqrecError, match="Transformer can't be exported"):
        export_program(attention.artifact, tmp_path / "model.pt2", k=K)
    assert list(tmp_path.iterdir()) == []


def test_lists_longer_than_the_catalogue_are_refused(attention, tmp_path):
    with pytest.raises(MiqrecError, match="k is 21, but the catalogue has 20 items"):
        export_program(attention.artifact, tmp_path / "model.pt2", k=21)


def test_wrong_scores_are_never_written(attention, tmp_path, monkeypatch):
    artifact = attention.artifact
    monkeypatch.setattr("miqrec.export.graph.answer_shares", lambda weights, valid, n: weights / 2)
    with pytest.raises(MiqrecError, match="differ by"):
        export_program(artifact, tmp_path / "model.pt2", k=K, inference=MIXED)
    assert list(tmp_path.iterdir()) == []
