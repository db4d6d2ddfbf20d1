"""Starting from saved weights, pre-trained or trained: what is taken up, and what is refused."""

import warnings
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.registry import build_model
from miqrec.recommender import Recommender
from miqrec.runs.artifact import load_artifact, save_artifact
from miqrec.runs.fit import fit
from miqrec.runs.initial_weights import initial_weights, take_up
from miqrec.runs.plan import Plan, PretrainingPlan, plan_pretraining_opened
from miqrec.runs.run import run, run_pretraining
from miqrec.runs.settings import pretraining_settings
from worlds import changed, cycle, small

SIZES = {"dim": 16, "n_heads": 1, "n_layers": 1, "max_length": 10}
SPLITS = small("sasrec", cycle()).splits
MODELS = {"s3rec": {}, "miq-s3rec": {"window": 3}}


def pretraining(model: str, **values: object) -> PretrainingPlan:
    quick = {"epochs": 1, "prefixes": 1, "batch_size": 60, "aap_weight": 0, "map_weight": 0}
    chosen = pretraining_settings(model, **(SIZES | MODELS[model] | quick | values))
    return plan_pretraining_opened(cycle(), DataConfig(source=None), chosen)


@pytest.fixture(scope="module", params=MODELS)
def pretrained(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained") / request.param
    run_pretraining(pretraining(request.param), folder)
    return folder


def started(folder: Path, dataset: Dataset | None = None, **values: object) -> Plan:
    """The plan of a training that starts from the model in a folder, which has the model's name."""
    plan = small(folder.name, dataset or cycle(), **values)
    initial = initial_weights(folder, plan.config.model, plan.splits)
    return changed(plan, init_from=initial)


def test_a_pretraining_leaves_an_artifact_and_its_settings(pretrained):
    names = {path.name for path in pretrained.iterdir() if path.name != "tensorboard"}
    assert names == {"config.json", "environment.json", "history.csv", "artifact"}
    about = load_artifact(pretrained).config
    assert about.trained_on == "pretraining"
    assert about.pretraining == pretraining(pretrained.name).config.pretraining
    assert about.training is None


def test_a_finished_pretraining_is_read_and_not_repeated(pretrained):
    weights = pretrained / "artifact" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    run_pretraining(pretraining(pretrained.name), pretrained)
    assert weights.stat().st_mtime_ns == written


def test_a_folder_of_another_pretraining_is_refused(pretrained):
    with pytest.raises(MiqrecError, match=r"other settings \(pretraining.mask_share\)"):
        run_pretraining(pretraining(pretrained.name, mask_share=0.5), pretrained)


def test_so_is_one_with_other_attributes(pretrained):
    plan = changed(pretraining(pretrained.name), attributes="others")
    with pytest.raises(MiqrecError, match=r"other settings \(attributes\)"):
        run_pretraining(plan, pretrained)


def test_training_starts_with_equal_weights(pretrained):
    """All of the encoder's, the mask's row included; there are no heads in it."""
    config = started(pretrained).config
    torch.manual_seed(5)
    model = build_model(config.model, cycle().catalogue.n_items)
    there = load_artifact(pretrained).model.state_dict()
    assert not all(torch.equal(value, there[name]) for name, value in model.state_dict().items())
    take_up(config.init_from, model, cycle().catalogue)
    assert model.state_dict().keys() == there.keys()
    assert all(torch.equal(value, there[name]) for name, value in model.state_dict().items())
    assert model.causal


def test_training_goes_on_from_there(pretrained, tmp_path):
    """With steps too small to move anything the fitted weights are the pre-trained ones."""
    still = {"epochs": 1, "learning_rate": 1e-12}
    fitted = fit(started(pretrained, **still), tmp_path).model.state_dict()
    there = load_artifact(pretrained).model.state_dict()
    assert all(torch.allclose(fitted[name], there[name], atol=1e-8) for name in there)


def test_dropout_may_differ(pretrained):
    assert started(pretrained, dropout=0.3).config.init_from


def test_the_run_records_where_it_starts_and_a_copy_elsewhere_is_the_same(pretrained, tmp_path):
    plan = started(pretrained, epochs=1)
    run(plan, tmp_path / "run")
    moved = tmp_path / pretrained.name
    save_artifact(load_artifact(pretrained), moved)
    assert started(moved).config.init_from.sha256 == plan.config.init_from.sha256
    run(started(moved, epochs=1), tmp_path / "run")


def test_other_weights_are_another_run(pretrained, tmp_path):
    run(started(pretrained, epochs=1), tmp_path / "run")
    folder = tmp_path / pretrained.name
    run_pretraining(pretraining(pretrained.name, seed=1), folder)
    with pytest.raises(MiqrecError, match=r"init_from\.sha256"):
        run(started(folder, epochs=1), tmp_path / "run")
    with pytest.raises(MiqrecError, match="other settings"):
        run(small(pretrained.name, cycle(), epochs=1), tmp_path / "run")


def test_weights_that_changed_since_are_refused(pretrained, tmp_path):
    plan = started(pretrained)
    other = plan.config.init_from.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(MiqrecError, match="has changed since"):
        fit(changed(plan, init_from=other), tmp_path)


SIZES_THAT_DIFFER = [("dim", 32), ("n_layers", 2), ("n_heads", 2), ("max_length", 9)]


@pytest.mark.parametrize(("name", "value"), SIZES_THAT_DIFFER)
def test_another_size_is_refused(pretrained, name, value):
    with pytest.raises(
        MiqrecError, match=rf"has {name} {SIZES[name]}, and this one has {name} {value};"
    ):
        started(pretrained, **{name: value})


def test_another_window_is_refused(tmp_path):
    folder = tmp_path / "miq-s3rec"
    run_pretraining(pretraining("miq-s3rec"), folder)
    with pytest.raises(MiqrecError, match="has window 3, and this one has window 2;"):
        started(folder, window=2)


def test_another_kind_of_model_is_refused(pretrained):
    with pytest.raises(MiqrecError, match="cannot start sasrec"):
        initial_weights(pretrained, small("sasrec", cycle()).config.model, SPLITS)


def test_a_model_that_counts_is_refused(tmp_path):
    save_artifact(fit(small("popularity", cycle()), tmp_path / "fit"), tmp_path / "popularity")
    with pytest.raises(MiqrecError, match="holds a popularity, which counts: it has no weights"):
        initial_weights(tmp_path / "popularity", small("sasrec", cycle()).config.model, SPLITS)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(MiqrecError, match="not a saved model"):
        initial_weights(tmp_path, small("s3rec", cycle()).config.model, SPLITS)


def test_other_items_are_refused(pretrained):
    renamed = cycle().catalogue.frame.with_columns(pl.col("item") + "!")
    with pytest.raises(MiqrecError, match="knows none of these items"):
        started(pretrained, replace(cycle(), catalogue=Catalogue(renamed)))


def test_other_interactions_of_the_same_items_are_a_warning(pretrained):
    backwards = replace(cycle().sequences, items=cycle().sequences.items[::-1].copy())
    with pytest.warns(MiqrecWarning, match="other interactions"):
        started(pretrained, replace(cycle(), sequences=backwards))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        started(pretrained)


def test_what_is_only_pretrained_recommends_nothing(pretrained):
    with pytest.raises(MiqrecError, match="only pre-trained; train it by"):
        Recommender.load(pretrained)


def test_a_model_without_a_pretraining_is_refused():
    with pytest.raises(MiqrecError, match="'sasrec' is not pre-trained"):
        pretraining_settings("sasrec")
