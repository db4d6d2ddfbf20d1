"""A model from outside goes wherever a model of ours goes."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.data.histories import Histories
from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError
from miqrec.experiments.studies.recipe_files import read_study
from miqrec.experiments.tuning.space import Range, read_search
from miqrec.models import registry
from miqrec.models.registry import find_models, register
from miqrec.recommender import Recommender
from miqrec.runs.artifact import load_artifact
from miqrec.runs.plan import plan_pretraining_opened
from miqrec.runs.run import run, run_pretraining
from miqrec.runs.settings import pretraining_settings
from miqrec.testing import checks
from miqrec.testing.frames import circle
from outside import Outside, OutsideConfig
from worlds import cycle, small

QUICK = {"epochs": 1, "batch_size": 32}


class FarthestConfig(Config):
    name: Literal["farthest"] = "farthest"
    power: float = 1.0
    """Of the distance."""


class Farthest(nn.Module):
    """A model that solves instead of being trained: items score by how far they are from the last one."""

    distances: Tensor  # (n_items + 1, n_items + 1)
    max_length = 1

    def __init__(self, n_items: int, config: FarthestConfig) -> None:
        super().__init__()
        self.power = config.power
        self.register_buffer("distances", torch.zeros(n_items + 1, n_items + 1))

    def fit(self, histories: Histories) -> None:
        for start, stop in zip(histories.starts, histories.stops, strict=True):
            items = torch.from_numpy(histories.items[start:stop].astype(np.int64))
            steps = torch.arange(len(items))
            apart = (steps - steps[:, None]).clamp(min=0).float()
            self.distances[items[:, None], items] = apart**self.power

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.distances[items.gather(1, lengths[:, None] - 1).squeeze(1)]


class MaskedConfig(OutsideConfig):
    name: Literal["masked"] = "masked"


class Masked(Outside):
    """A model that can be pre-trained: one item more stands for a masked one."""

    causal = True

    def __init__(self, n_items: int, config: MaskedConfig) -> None:
        super().__init__(n_items + 1, config)
        self.mask = n_items + 1

    def item_vectors(self) -> Tensor:
        return super().item_vectors()[: self.mask]

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths)[:, : self.mask]


@pytest.fixture(autouse=True)
def _outside(monkeypatch):
    """Models from outside, forgotten after each test."""
    find_models()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    register(OutsideConfig, Outside)
    register(FarthestConfig, Farthest)
    register(MaskedConfig, Masked, pretrainable=True)


def test_its_config_and_its_name_with_settings_fit_the_same_model():
    by_config = Recommender.fit(circle(), model=OutsideConfig(dim=8), **QUICK)
    by_name = Recommender.fit(circle(), model="outside", dim=8, **QUICK)

    assert by_config.artifact.config.model == by_name.artifact.config.model == OutsideConfig(dim=8)
    assert by_config.recommend(k=3).equals(by_name.recommend(k=3))


@pytest.mark.parametrize("check", checks.FOR_ALL, ids=lambda check: check.__name__)
def test_a_model_that_fits_itself_passes_the_checks_of_such_models(check):
    check(FarthestConfig(power=0.5))


def test_a_model_that_fits_itself_otherwise_each_time_is_caught():
    class Moody(Farthest):
        def fit(self, histories: Histories) -> None:
            super().fit(histories)
            self.distances *= np.random.default_rng().random()

    register(FarthestConfig, Moody)

    with pytest.raises(AssertionError):
        checks.fitting_again_with_the_same_seed_gives_the_same_scores(FarthestConfig())


def test_a_saved_model_that_nobody_registered_is_one_sentence(tmp_path, monkeypatch):
    Recommender.fit(circle(), model="farthest").save(tmp_path / "model")
    monkeypatch.delitem(registry._registered, "farthest")

    with pytest.raises(MiqrecError) as error:
        Recommender.load(tmp_path / "model")

    sentence = str(error.value)
    assert sentence.startswith(
        f"{tmp_path / 'model' / 'config.json'}: there is no model 'farthest'"
    )
    assert sentence.endswith("or install and import the package that registers it")


def test_a_run_leaves_its_config_and_goes_on_from_it(tmp_path):
    plan = small("outside", cycle(), epochs=1)
    metrics = run(plan, tmp_path / "run")

    assert run(plan, tmp_path / "run") == metrics
    assert load_artifact(tmp_path / "run").config.model == plan.config.model


RECIPE = """
title = ""
caption = ""
data = "demo"
settings = {dim = 8, epochs = 3}
[systems.a]
label = "A"
model = "outside"
pace = "fast"
[systems.b]
label = "B"
model = "sasrec"
"""


def test_a_recipe_has_its_settings_beside_those_of_others(tmp_path):
    (tmp_path / "mine.toml").write_text(RECIPE)

    study = read_study(str(tmp_path / "mine.toml"))

    assert study.chosen("a").model == OutsideConfig(dim=8, pace="fast")
    assert study.chosen("b").model.model_dump()["dim"] == 8


def test_a_recipe_of_a_model_that_nobody_registered_is_one_sentence(tmp_path):
    (tmp_path / "mine.toml").write_text(RECIPE.replace("outside", "nobodys"))

    with pytest.raises(
        MiqrecError, match=r"systems\.a: there is no model 'nobodys'; choose one of"
    ):
        read_study(str(tmp_path / "mine.toml"))


def test_a_search_varies_its_settings(tmp_path):
    space = tmp_path / "space.toml"
    space.write_text("[search]\npower = {low = 0.5, high = 2.0}\n")

    assert read_search(space, "farthest") == {"power": Range(low=0.5, high=2.0)}


def test_a_model_with_a_mask_is_pre_trained(tmp_path):
    quick = {"epochs": 1, "prefixes": 1, "batch_size": 60, "aap_weight": 0, "map_weight": 0}
    chosen = pretraining_settings("masked", **quick)
    plan = plan_pretraining_opened(cycle(), DataConfig(source=None), chosen)

    artifact = run_pretraining(plan, Path(tmp_path / "pretrained"))

    assert artifact.config.trained_on == "pretraining"
    assert load_artifact(tmp_path / "pretrained").model.causal
