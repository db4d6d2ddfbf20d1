"""An exported file in ONNX Runtime gives the lists that the saved model gives in PyTorch."""

import json

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec import Recommender
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.ranking import top_k
from miqrec.export import export_onnx
from miqrec.export.description import KEY
from miqrec.serving.engine import Query, open_engine
from miqrec.serving.engine.ranking import best

HISTORIES = [[4, 5, 6], [], list(range(1, 16)), [20]]


@pytest.fixture(scope="module")
def engines(saved, exported):
    return open_engine(saved), open_engine(exported)


@pytest.fixture(scope="module")
def mixing(saved, tmp_path_factory):
    """Both engines of the model with two answers."""
    rec = Recommender.load(saved).with_inference(mix=(0.6, 0.4))
    folder = tmp_path_factory.mktemp("mixing")
    rec.save(folder / "model")
    export_onnx(rec.artifact, folder / "model.onnx", k=10)
    return open_engine(folder / "model"), open_engine(folder / "model.onnx")


def lists(engine, histories=HISTORIES, *, k=10, allowed=None, seen=True):
    inference = engine.choose(None, None, with_probability=True)
    queries = []
    for history in histories:
        ids = np.array(history, np.int64)
        queries.append(Query(ids, ids if seen else ids[:0], allowed, k, inference, True))
    return engine.lists(queries)


@pytest.mark.parametrize("kind", ["engines", pytest.param("mixing", marks=pytest.mark.slow)])
@pytest.mark.parametrize("seen", [True, False])
def test_lists_scores_and_probabilities_are_the_same(kind, seen, request):
    allowed = np.arange(21) % 2 == 0
    for options in ({}, {"k": 20}, {"allowed": allowed}, {"allowed": np.zeros(21, bool)}):
        for ours, theirs in zip(
            *(lists(engine, seen=seen, **options) for engine in request.getfixturevalue(kind)),
            strict=True,
        ):
            assert ours.ids == theirs.ids
            assert ours.scores == pytest.approx(theirs.scores, abs=1e-4)
            assert (ours.probabilities is None) == (theirs.probabilities is None)
            if ours.probabilities:
                assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-5)


def test_items_and_their_attributes_are_the_same(engines):
    saved, exported = (engine.items for engine in engines)
    assert exported.external == saved.external
    assert exported.titles == saved.titles
    assert exported.describe(3) == saved.describe(3)
    assert exported.search("1", 5) == saved.search("1", 5)
    filters = {"category": "books", "in_stock": True}
    assert exported.meeting(filters).tolist() == saved.meeting(filters).tolist()


def test_the_versions_tell_models_apart(engines):
    torch_, onnx = (engine.about for engine in engines)
    assert (torch_.runtime, onnx.runtime) == ("torch", "onnxruntime")
    assert torch_.model == onnx.model == "miq-sasrec"
    assert len({torch_.version, onnx.version}) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mix": (0.6, 0.4)}, "mixes answers as it was exported to"),
        ({"mix": (0.6, 0.6)}, "the weights sum to 1.2"),
        ({"temperature": 2.0}, "a temperature changes nothing"),
    ],
)
def test_a_graph_answers_as_it_was_exported_to(engines, options, sentence):
    for engine in engines[1:]:
        with pytest.raises(MiqrecError, match=sentence):
            engine.choose(**({"mix": None, "temperature": None} | options), with_probability=False)


def test_the_newest_answer_may_be_asked_for_by_its_weight(engines):
    assert engines[1].choose((1.0,), None, with_probability=False).mix == (1.0,)


@pytest.mark.slow
def test_what_the_graph_mixes_anyway_may_be_asked_for(mixing):
    assert mixing[1].choose((0.6, 0.4), 1.0, with_probability=True).mix == (0.6, 0.4)
    with pytest.raises(MiqrecError, match="export it with this --mix and --temperature"):
        mixing[1].choose(None, 0.5, with_probability=True)


def described(exported, path, **changes):
    """The exported file with another description."""
    model = onnx.load(exported)
    [entry] = [each for each in model.metadata_props if each.key == KEY]
    entry.value = json.dumps(json.loads(entry.value) | changes)
    onnx.save(model, path)
    return path


def test_a_model_without_probabilities_is_asked_for_none(exported, tmp_path):
    engine = open_engine(described(exported, tmp_path / "model.onnx", probabilities=False))
    with pytest.raises(MiqrecError, match="without saying how likely"):
        engine.choose(None, None, with_probability=True)


def test_how_the_model_is_used_stands_in_the_file(exported, tmp_path):
    kept = InferenceConfig(exclude_seen=False)
    path = described(exported, tmp_path / "model.onnx", inference=kept.model_dump())
    assert open_engine(path).inference == kept


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_what_is_no_exported_model_is_refused(tmp_path, exported, content):
    path = tmp_path / "model.onnx"
    whole = exported.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(MiqrecError, match="is no model that `miqrec export` wrote, or is damaged"):
        open_engine(path)


SCORES = st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]), min_size=2, max_size=30)


@settings(max_examples=200, deadline=None)
@given(SCORES, st.integers(1, 29))
def test_the_best_items_are_those_of_evaluation(scores, k):
    scores = np.array([-np.inf, *scores], np.float32)
    k = min(k, len(scores) - 1)
    _, ids = top_k(torch.from_numpy(scores)[None], k)
    assert best(scores, k).tolist() == [number for number in ids[0].tolist() if number]
