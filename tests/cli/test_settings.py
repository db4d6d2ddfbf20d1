"""Options read off the configs of all models, those from outside too."""

from typing import Any, Literal, get_args

import pytest
from typer import Typer
from typer.testing import CliRunner

from miqrec.cli.settings import given, with_settings
from miqrec.config import Config
from miqrec.errors import MiqrecError
from miqrec.models import registry
from miqrec.models.registry import find_models, register
from miqrec.training.config import TrainingConfig
from outside import Outside, OutsideConfig


class OtherConfig(Config):
    name: Literal["other"] = "other"
    dim: float = 0.5
    """[Another] kind of width."""
    pace: Literal["fast", "faster"] = "faster"
    out: int = 3
    """An option of the command itself."""
    depth: int | None = None
    """Layers, if any."""


@pytest.fixture
def command(monkeypatch):
    """A command with the options of two models from outside, which prints what was typed."""
    find_models()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    register(OutsideConfig, Outside)
    register(OtherConfig, Outside)
    app = Typer(rich_markup_mode="rich")

    @app.command()
    @with_settings(TrainingConfig, ["outside", "other"])
    def command(*, out: str = "here", **values: Any) -> None:
        print(out, given(values))

    return lambda *words: CliRunner().invoke(app, words, env={"COLUMNS": "300"}).output


def test_what_is_typed_arrives_by_its_name(command):
    assert command("--depth", "2", "--epochs", "7") == "here {'epochs': 7, 'depth': 2}\n"


def test_a_setting_of_two_kinds_arrives_as_it_was_typed_for_its_config_to_read(command):
    assert command("--dim", "8") == "here {'dim': '8'}\n"
    assert OutsideConfig(dim="8").dim == 8


def test_kinds_of_event_are_names_with_commas_between(command):
    assert command("--target-kinds", "cart, buy") == "here {'target_kinds': 'cart, buy'}\n"
    assert command("--exclude-kinds", "cart, buy") == "here {'exclude_seen': ('cart', 'buy')}\n"
    assert command("--no-exclude-seen") == "here {'exclude_seen': False}\n"


def test_what_lists_leave_out_is_said_once():
    with pytest.raises(MiqrecError, match="give one of them"):
        given({"exclude_seen": True, "exclude_kinds": "buy"})
    with pytest.raises(MiqrecError, match="--exclude-kinds: ',' names no kind"):
        given({"exclude_kinds": ","})


def test_words_are_those_of_all_models(command):
    for word in {*get_args(OutsideConfig.model_fields["pace"].annotation), "faster"}:
        assert command("--pace", word) == f"here {{'pace': '{word}'}}\n"
    assert "Invalid value" in command("--pace", "fastest")


def test_an_option_of_the_command_itself_is_not_taken_for_a_setting(command):
    assert command("--out", "there") == "there {}\n"


def test_what_cannot_be_typed_is_no_option(command):
    assert "No such option" in command("--sizes", "3")


def test_help_tells_apart_what_models_mean_by_a_name(command):
    shown = " ".join(command("--help").replace("│", " ").split())

    assert "outside: Width of the vectors. other: [Another] kind of width." in shown
    assert "[default: 16 for outside; 0.5 for other]" in shown
    assert "How fast. [default: slow for outside; faster for other]" in shown
