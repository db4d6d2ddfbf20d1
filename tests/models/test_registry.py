"""Models from outside: what `register` takes, what it refuses, and how packages make theirs known."""

import sys
from importlib.metadata import EntryPoint
from typing import ClassVar, Literal

import pytest
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models import registry
from miqrec.models.configs.s3rec import S3RecConfig
from miqrec.models.registry import build_model, find_model, find_models, model_names, register
from miqrec.models.s3rec import build_s3rec
from miqrec.runs.config import RunConfig
from outside import Outside, OutsideConfig
from worlds import cycle, small

N_ITEMS = 7


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    """What a test registers is forgotten behind it; ours stay."""
    find_models()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


def test_a_registered_model_is_built_from_its_config():
    register(OutsideConfig, Outside)

    assert "outside" in model_names()
    assert build_model(OutsideConfig(dim=3), N_ITEMS).item_vectors().shape == (N_ITEMS + 1, 3)


def test_a_config_comes_back_from_json_as_what_it_was():
    register(OutsideConfig, Outside)
    config = small("sasrec", cycle()).config.model_copy(update={"model": OutsideConfig(dim=3)})

    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_the_same_class_again_replaces_the_model_as_a_cell_that_runs_twice():
    register(OutsideConfig, Outside)
    again = type("OutsideConfig", (OutsideConfig,), {"__module__": OutsideConfig.__module__})
    register(again, lambda n_items, config: Outside(n_items + 1, config))

    assert find_model("outside").config is again
    with pytest.raises(MiqrecError, match=r"item_vectors|scores"):
        build_model(OutsideConfig(), N_ITEMS)  # an old config, and the builder that is new


class Nameless(Config):
    dim: int = 4


class Unfixed(Config):
    name: str = "unfixed"


class WithoutDefault(Config):
    name: Literal["without-default"] = "without-default"
    dim: int


class Thawed(Config):
    model_config: ClassVar = ConfigDict(frozen=False)
    name: Literal["thawed"] = "thawed"


class Foreign(BaseModel):
    name: Literal["foreign"] = "foreign"


class TakenConfig(OutsideConfig):
    name: Literal["taken"] = "taken"


class OtherTakenConfig(OutsideConfig):
    name: Literal["taken"] = "taken"


class OwnSASRec(OutsideConfig):
    name: Literal["sasrec"] = "sasrec"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (Nameless, r'Nameless has no name: give it `name: Literal\["my-model"\] = "my-model"`'),
        (Unfixed, r"Unfixed has no name"),
        (WithoutDefault, r"WithoutDefault has no default for dim"),
        (Thawed, r"Thawed is not frozen"),
        (Foreign, r"Foreign.* is not a config: derive a class from miqrec\.models\.Config"),
        (OutsideConfig(), r"is not a config"),
        (OtherTakenConfig, r"'taken' is configured by .*TakenConfig, not by .*OtherTakenConfig"),
        (OwnSASRec, r"'sasrec' is one of miqrec's own"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_config_that_will_not_do_is_refused_when_it_is_registered(config, sentence):
    register(TakenConfig, Outside)

    with pytest.raises(MiqrecError, match=sentence):
        register(config, Outside)


def test_what_builds_a_model_must_be_callable():
    with pytest.raises(
        MiqrecError, match=r"what builds the model 'outside' can't be called: it is 3"
    ):
        register(OutsideConfig, 3)


class WithoutScores(Outside):
    scores = None


class WithoutLength(Outside):
    max_length = None


class WithoutState(Outside):
    def state_dict(self) -> dict:
        return {}


class WithoutForward(nn.Module):
    max_length = 1

    def __init__(self, *_: object) -> None:
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1))

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return torch.zeros(len(items), N_ITEMS + 1)


class WithoutVectors(Outside):
    item_vectors = None


class WithoutLast(Outside):
    last = None


class WithoutPaddingsColumn(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths)[:, 1:]


class HalfScores(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths).half()


class ListsOfScores(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> list:
        return super().scores(items, lengths).tolist()


class NewestStateOnly(Outside):
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.last(items, lengths).squeeze(1)


class OtherWidth(Outside):
    def item_vectors(self) -> Tensor:
        return self.items.weight[:, :2]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (WithoutScores, r"has no scores\(items, lengths\)"),
        (WithoutLength, r"has no max_length, a whole number from 1"),
        (WithoutState, r"has no parameter and no buffer, so there is nothing to save"),
        (WithoutForward, r"has no forward\(items, lengths\), which it needs to be trained"),
        (WithoutVectors, r"has no item_vectors\(\), which it needs to be trained, and no fit"),
        (WithoutLast, r"has no last\(items, lengths\)"),
        (WithoutPaddingsColumn, r"scores .* has shape \(2, 7\) .*; it must have \(2, 8\)"),
        (HalfScores, r"scores of the model 'outside' are torch\.float16; give torch\.float32"),
        (ListsOfScores, r"scores .* gives list instead of a tensor of shape \(2, 8\)"),
        (NewestStateOnly, r"forward .* has shape \(2, 16\) .*; it must have \(2, 2, 16\)"),
        (OtherWidth, r"item_vectors .* has shape \(8, 2\) .*; it must have \(8, 16\)"),
        (
            lambda *_: [1],
            r"can't be built: its function gave list, and must give a torch\.nn\.Module",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_no_model_is_refused_when_it_is_built(model, sentence):
    register(OutsideConfig, model)

    with pytest.raises(MiqrecError, match=sentence):
        build_model(OutsideConfig(), N_ITEMS)


def test_a_builder_can_be_named_and_is_imported_when_it_builds():
    register(OutsideConfig, "models_that_are_not_there:build")

    with pytest.raises(MiqrecError, match="models_that_are_not_there:build can't be imported"):
        build_model(OutsideConfig(), 3)


def test_a_pretrainable_model_has_a_mask_and_can_be_switched():
    register(OutsideConfig, Outside, pretrainable=True)

    with pytest.raises(MiqrecError, match=r"has no mask, the item that pre-training hides others"):
        build_model(OutsideConfig(), N_ITEMS)


def test_checking_a_model_changes_neither_its_mode_nor_anybodys_draws():
    torch.manual_seed(1)
    build_s3rec(N_ITEMS, S3RecConfig())
    expected = torch.rand(3)

    torch.manual_seed(1)
    model = build_model(S3RecConfig(), N_ITEMS)

    assert torch.rand(3).equal(expected)
    assert model.training


def test_a_model_that_nobody_knows_is_a_sentence_with_a_remedy():
    with pytest.raises(
        MiqrecError, match=r"no model 'nobody'; choose one of sasrec, .*, or install"
    ):
        find_model("nobody")


PACKAGE = """
from outside import OutsideConfig, Outside
from miqrec.models.registry import register
register(OutsideConfig, Outside)
"""


@pytest.fixture
def announce(monkeypatch, tmp_path):
    """Make a package with this source announce a model."""

    def announce(source: str, name: str = "outside") -> None:
        (tmp_path / "newcomer.py").write_text(source)
        point = EntryPoint(name, "newcomer", registry.GROUP)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "newcomer", raising=False)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        registry._entry_points.cache_clear()
        registry._warn_once.cache_clear()

    yield announce
    registry._entry_points.cache_clear()


def test_a_package_is_imported_when_its_model_is_looked_up(announce):
    announce(PACKAGE)

    assert "outside" in model_names()
    assert "newcomer" not in sys.modules
    assert find_model("outside").build is Outside
    assert find_models()["outside"].config is OutsideConfig


def test_a_package_that_cannot_be_imported_takes_away_its_own_model_alone(announce):
    announce("import this_is_not_installed")

    with pytest.raises(MiqrecError, match=r"'outside' is in a package .* No module named 'this_is"):
        find_model("outside")
    with pytest.warns(MiqrecWarning, match=r"can't be imported"):
        assert set(model_names()) - set(find_models()) == {"outside"}


def test_a_package_that_registers_nothing_is_a_sentence(announce):
    announce("")

    with pytest.raises(
        MiqrecError, match=r"announces the model 'outside', but newcomer registers none"
    ):
        find_model("outside")


def test_a_package_cannot_take_the_name_of_a_model_of_ours(announce):
    announce(PACKAGE, name="sasrec")

    with pytest.warns(MiqrecWarning, match=r"the model 'sasrec' of .* is left out"):
        assert model_names().count("sasrec") == 1
