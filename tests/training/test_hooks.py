"""What a caller brings to a training: callbacks, loggers, a device, an optimizer, a schedule."""

import csv
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from miqrec.errors import MiqrecError
from miqrec.runs.fit import fit
from miqrec.runs.plan import Plan
from miqrec.system.environment import COUNTS
from miqrec.training.config import TrainingConfig
from miqrec.training.hooks import Hooks
from miqrec.training.optimization import check_functions, record
from worlds import cycle, small

EPOCHS = 2
STEPS = EPOCHS * 4  # 120 users in steps of 32


def sgd(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.5)


def halving(optimizer: torch.optim.Optimizer, steps: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda step: 1.0 if step < steps // 2 else 0.5)


@pytest.fixture
def package(monkeypatch) -> str:
    """A package of the user's, from which functions can be imported."""
    module = ModuleType("users_package")
    for function in (sgd, halving):
        named = type(function)(function.__code__, globals(), function.__name__)
        named.__module__ = "users_package"
        setattr(module, function.__name__, named)
    monkeypatch.setitem(sys.modules, "users_package", module)
    return "users_package"


class Watching(Callback):
    """The optimizer, the learning rate of each step and the device."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_train_batch_start(self, trainer, pl_module, *_) -> None:
        self.optimizer = type(trainer.optimizers[0]).__name__
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])
        self.device = pl_module.device


def planned(hooks: Hooks = Hooks(), **values: object) -> Plan:  # noqa: B008
    plan = small("sasrec", cycle(), epochs=EPOCHS, **{"learning_rate": 1e-3} | values)
    training = record(plan.config.training, hooks)
    return plan._replace(config=plan.config.model_copy(update={"training": training}))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


class TestFunctions:
    def test_an_optimizer_and_a_schedule_are_used_and_recorded(self, tmp_path, package):
        module, watching = sys.modules[package], Watching()
        hooks = Hooks([watching], optimizer=module.sgd, schedule=module.halving)
        plan = planned(hooks)

        artifact = fit(plan, tmp_path, hooks)

        assert watching.optimizer == "SGD"
        assert watching.rates == [0.5] * (STEPS // 2) + [0.25] * (STEPS // 2)
        assert artifact.config.training.optimizer == "users_package:sgd"
        assert artifact.config.training.schedule == "users_package:halving"

    def test_by_name_they_are_imported(self, tmp_path, package):
        watching = Watching()
        plan = planned(optimizer=f"{package}:sgd", schedule=f"{package}:halving")
        fit(plan, tmp_path, Hooks([watching]))
        assert (watching.optimizer, watching.rates[-1]) == ("SGD", 0.25)

    def test_a_class_of_pytorchs_is_an_optimizer_by_name(self, tmp_path):
        watching = Watching()
        fit(planned(optimizer="torch.optim:AdamW"), tmp_path, Hooks([watching]))
        assert watching.optimizer == "AdamW"

    def test_a_lambda_is_recorded_and_needed_again(self, tmp_path):
        hooks = Hooks(optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1))
        plan = planned(hooks)
        fit(plan, tmp_path, hooks)
        assert plan.config.training.optimizer.endswith("<lambda>")
        with pytest.raises(
            MiqrecError,
            match=r"optimizer of this training is missing: .*<lambda> can't be imported.* itself again",
        ):
            fit(plan, tmp_path / "again")
        assert not (tmp_path / "again").exists()

    def test_another_function_than_the_recorded_one_is_refused(self):
        config = TrainingConfig(optimizer="users_package:sgd")
        with pytest.raises(
            MiqrecError, match=r"the optimizer given is .*halving, but the training's"
        ):
            check_functions(config, Hooks(optimizer=halving))
        with pytest.raises(
            MiqrecError, match=r"the schedule given is .* the training's is constant"
        ):
            check_functions(TrainingConfig(), Hooks(schedule=halving))

    def test_adams_settings_are_not_given_to_another(self):
        with pytest.raises(MiqrecError, match=r"learning_rate would be adam's; the function .*sgd"):
            record(TrainingConfig(learning_rate=0.1), Hooks(optimizer=sgd))

    def test_what_returns_something_else_is_refused(self, tmp_path):
        hooks = Hooks(optimizer=list)
        with pytest.raises(MiqrecError, match="the optimizer builtins:list returned a list; it is"):
            fit(planned(hooks), tmp_path / "optimizer", hooks)
        hooks = Hooks(schedule=lambda optimizer, steps: ReduceLROnPlateau(optimizer))
        with pytest.raises(
            MiqrecError, match=r"the schedule .* returned a ReduceLROnPlateau; it is"
        ):
            fit(planned(hooks), tmp_path / "schedule", hooks)

    def test_a_misspelt_name_is_refused_where_it_is_typed(self):
        with pytest.raises(
            MiqrecError, match="schedule: 'cosine' is not constant or linear; a func"
        ):
            planned(schedule="cosine")
        with pytest.raises(MiqrecError, match="optimizer: 'Adam' is not adam; a function is named"):
            planned(optimizer="Adam")


class TestLoggers:
    def test_every_logger_gets_each_epochs_row(self, tmp_path):
        loggers = [CSVLogger(tmp_path / name, name="", version="") for name in ("a", "b")]
        fit(planned(), tmp_path / "run", Hooks(logger=loggers))

        history = rows(tmp_path / "run" / "history.csv")
        for logger in loggers:
            logged = rows(Path(logger.log_dir) / "metrics.csv")
            assert [row["loss"] for row in logged] == [row["loss"] for row in history]
            assert [row["NDCG@10"] for row in logged] == [row["NDCG@10"] for row in history]

    @pytest.mark.parametrize("installed", [True, False])
    def test_tensorboard_is_written_where_it_is_installed(self, tmp_path, monkeypatch, installed):
        pytest.importorskip("tensorboard")
        if not installed:
            monkeypatch.setattr("miqrec.training.trainer.find_spec", lambda name: None)
        fit(planned(), tmp_path / "run")
        assert (tmp_path / "run" / "tensorboard").exists() == installed

    def test_false_logs_nowhere(self, tmp_path):
        fit(planned(), tmp_path / "run", Hooks(logger=False))
        assert {path.name for path in (tmp_path / "run").iterdir()} == {
            "history.csv",
            "checkpoints",
        }


class TestDevices:
    def test_training_computes_on_the_device_that_is_asked_for(self, tmp_path, monkeypatch):
        monkeypatch.setattr("miqrec.system.environment.best_device", lambda: torch.device("cuda"))
        watching = Watching()
        fit(planned(), tmp_path, Hooks([watching], device="cpu"))
        assert watching.device == torch.device("cpu")

    def test_one_that_is_not_here_is_refused_before_anything_is_written(self, tmp_path):
        with pytest.raises(MiqrecError, match="there is no device cuda:7 here"):
            fit(planned(), tmp_path / "run", Hooks(device="cuda:7"))
        assert not (tmp_path / "run").exists()

    def test_apples_gpu_is_refused_for_losses_that_draw_negatives(self, tmp_path, monkeypatch):
        monkeypatch.setitem(COUNTS, "mps", lambda: 1)
        with pytest.raises(MiqrecError, match="as the loss bce does, needs float64, which Apple's"):
            fit(planned(loss="bce"), tmp_path, Hooks(device="mps"))
