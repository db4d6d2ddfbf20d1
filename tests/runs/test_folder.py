"""A run folder: what it holds when it is done, and what it refuses."""

import json
import subprocess
import sys
from types import ModuleType

import polars as pl
import pytest
import torch

from miqrec.data.encoding import build_dataset
from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import summary
from miqrec.runs import fit as fitting
from miqrec.runs import folder as runs
from miqrec.runs import run as running
from miqrec.runs.artifact import load_artifact
from miqrec.runs.folder import claim, note_environment, read_metrics
from miqrec.runs.run import run, validate
from miqrec.system.environment import environment
from miqrec.system.files import remove
from miqrec.system.locks import locked
from miqrec.training.hooks import NO_HOOKS, Hooks
from worlds import cycle, small

PLAN = small("miq-sasrec", cycle(), epochs=2)


def test_a_finished_run_holds_everything_and_no_checkpoints(tmp_path):
    run(PLAN, tmp_path / "run")

    names = {path.name for path in (tmp_path / "run").iterdir() if path.name != "tensorboard"}
    assert names == {
        "config.json",
        "history.csv",
        "metrics.json",
        "ranks.parquet",
        "environment.json",
        "artifact",
    }


def test_the_metrics_are_those_of_the_stored_ranks(tmp_path):
    metrics = run(PLAN, tmp_path / "run")

    ranks = pl.read_parquet(tmp_path / "run" / "ranks.parquet")
    assert metrics.test == summary(ranks["rank"].to_torch())
    assert metrics.n_users == ranks.height == cycle().sequences.n_users


def test_the_time_to_fit_is_that_of_all_epochs_those_before_a_stop_too(tmp_path):
    metrics = run(PLAN, tmp_path / "run")

    history = pl.read_csv(tmp_path / "run" / "history.csv")
    assert metrics.fit_seconds == round(history["seconds"].sum(), 2)


def test_a_finished_run_is_read_and_not_repeated(tmp_path):
    first = run(PLAN, tmp_path / "run")
    written = (tmp_path / "run" / "artifact" / "model.safetensors").stat().st_mtime_ns

    assert run(PLAN, tmp_path / "run") == first
    assert (tmp_path / "run" / "artifact" / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_finished_run_whose_model_is_gone_or_damaged_says_so(tmp_path, harm, final):
    run(PLAN, tmp_path / "run", final=True)
    part = tmp_path / "run" / ("final" if final else "") / "artifact"
    if harm == "missing":
        (part / "items.parquet").unlink()
        sentence = r"items\.parquet is missing or is no file; restore it from a copy"
    else:
        weights = part / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        sentence = r"model\.safetensors is damaged or was altered; restore it from a copy"

    with pytest.raises(MiqrecError, match=sentence):
        run(PLAN, tmp_path / "run")


def test_a_finished_run_without_its_model_is_fitted_again_as_its_sentence_says(tmp_path):
    metrics = run(PLAN, tmp_path / "run")
    remove(tmp_path / "run" / "artifact")
    with pytest.raises(MiqrecError, match=r"finished, but its model can't be used: .* remove .*"):
        run(PLAN, tmp_path / "run")

    (tmp_path / "run" / "metrics.json").unlink()

    assert run(PLAN, tmp_path / "run").test == metrics.test
    assert load_artifact(tmp_path / "run").config.trained_on == "train"


def test_while_another_process_is_at_work_a_run_is_refused_and_nothing_is_written(tmp_path):
    with locked(tmp_path / "run"), pytest.raises(MiqrecError, match="another process is at work"):
        run(PLAN, tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_a_folder_with_another_run_is_refused_by_naming_what_differs(tmp_path):
    run(PLAN, tmp_path / "run")

    with pytest.raises(MiqrecError, match=r"other settings \(model.window, training.seed\)"):
        run(small("miq-sasrec", cycle(), epochs=2, window=2, seed=1), tmp_path / "run")


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(MiqrecError, match="holds other files"):
        run(PLAN, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("values", "hooks", "sentence"),
    [
        ({"optimizer": "nowhere:make"}, NO_HOOKS, "optimizer of this training is missing"),
        ({}, Hooks(device="cuda:9"), "there is no device cuda:9 here"),
    ],
)
def test_a_run_that_could_not_begin_leaves_no_folder(tmp_path, values, hooks, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        run(small("sasrec", cycle(), learning_rate=1e-3, **values), tmp_path / "run", hooks)
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore::miqrec.errors.MiqrecWarning")  # of users with few interactions
@pytest.mark.parametrize("final", [False, True])
def test_a_run_without_enough_data_leaves_its_folder_to_the_next(tmp_path, final):
    rows = {"user": ["ann", "ann", "bob", "bob"], "item": [1, 2, 1, 2]}
    plan = small("sasrec", build_dataset(pl.DataFrame(rows), name="short"))
    folder, lack = tmp_path / "run", "nobody to validate on"

    with pytest.raises(MiqrecError, match=lack):
        run(plan, folder, final=final)
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(MiqrecError, match=lack):
        run(plan, folder, final=final)
    assert [*folder.iterdir()] == []


def test_a_run_that_fails_after_an_epoch_keeps_its_folder(tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MiqrecError("no ranks")

    monkeypatch.setattr(running, "rank_questions", fail)
    with pytest.raises(MiqrecError, match="no ranks"):
        run(PLAN, tmp_path / "run")
    assert (tmp_path / "run" / "history.csv").exists()
    monkeypatch.undo()
    assert run(PLAN, tmp_path / "run").epochs


def test_a_finished_run_is_read_where_its_function_is_missing(tmp_path, monkeypatch):
    module = ModuleType("users_package")
    module.make = torch.optim.AdamW
    monkeypatch.setitem(sys.modules, "users_package", module)
    plan = small("sasrec", cycle(), epochs=1, learning_rate=1e-3, optimizer="users_package:make")
    metrics = run(plan, tmp_path / "run")
    monkeypatch.delitem(sys.modules, "users_package")

    assert run(plan, tmp_path / "run") == metrics


def test_a_folder_that_a_kill_left_with_half_a_config_is_nobodys(tmp_path):
    folder, code = (
        tmp_path / "run",
        (
            "import os, sys\nfrom pathlib import Path\nfrom miqrec.system.files import replacing\n"
            "with replacing(Path(sys.argv[1], 'config.json')) as partial:\n"
            "    partial.write_text('{'); os.kill(os.getpid(), 9)\n"
        ),
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert len(list(folder.iterdir())) == 1

    claim(folder, PLAN.config)

    assert [path.name for path in folder.iterdir()] == ["config.json"]


def test_the_final_model_is_fitted_on_everything_for_the_chosen_epochs(tmp_path):
    metrics = run(PLAN, tmp_path / "run", final=True)

    final = load_artifact(tmp_path / "run" / "final").config
    assert (final.trained_on, final.epochs) == ("all", metrics.epochs)
    assert load_artifact(tmp_path / "run").config.trained_on == "train"


def test_a_run_stopped_while_it_fits_on_everything_goes_on_with_that(tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "fit_on_everything", stop)
        with pytest.raises(KeyboardInterrupt):
            run(PLAN, tmp_path / "run", final=True)

    run(PLAN, tmp_path / "run")  # as --resume does, which need not be told of --final again

    assert load_artifact(tmp_path / "run" / "final").config.trained_on == "all"


def test_a_run_stopped_before_it_begins_still_knows_of_the_fit_on_everything(tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for stopped in ("write_json", "note_environment"):  # before the config is written, and after
        with monkeypatch.context() as patch:
            patch.setattr(runs if stopped == "write_json" else running, stopped, stop)
            with pytest.raises(KeyboardInterrupt):
                run(PLAN, tmp_path / stopped, final=True)

        run(PLAN, tmp_path / stopped)

        assert load_artifact(tmp_path / stopped / "final").config.trained_on == "all"


@pytest.mark.parametrize("part", [".", "final"])
def test_checkpoints_that_a_kill_left_beside_a_saved_model_go(tmp_path, part):
    run(PLAN, tmp_path / "run", final=True)
    left = tmp_path / "run" / part / "checkpoints"
    left.mkdir()

    run(PLAN, tmp_path / "run")

    assert not left.exists()


def test_checkpoints_that_a_kill_left_beside_a_trials_scores_go(tmp_path):
    scores = validate(PLAN, tmp_path / "trial")
    (tmp_path / "trial" / "checkpoints").mkdir()

    assert validate(PLAN, tmp_path / "trial") == scores
    assert not (tmp_path / "trial" / "checkpoints").exists()


def test_a_finished_fit_on_everything_is_not_repeated(tmp_path, monkeypatch):
    first = run(PLAN, tmp_path / "run", final=True)
    monkeypatch.setattr(fitting, "fit_on_everything", lambda *_: pytest.fail("it was repeated"))

    assert run(PLAN, tmp_path / "run", final=True) == first
    assert load_artifact(tmp_path / "run" / "final").config.trained_on == "all"


def test_an_unfinished_run_has_no_metrics(tmp_path):
    (tmp_path / "config.json").write_text(PLAN.config.model_dump_json())

    with pytest.raises(MiqrecError, match="not a finished run"):
        read_metrics(tmp_path)


def test_the_environment_names_versions_machine_and_date(tmp_path):
    run(small("popularity", cycle()), tmp_path / "run")

    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert {"date", "command", "python", "packages", "processor", "cores"} <= environment.keys()
    assert environment["packages"]["torch"]
    assert environment["earlier_devices"] == []


def test_a_run_that_goes_on_elsewhere_remembers_where_it_began(tmp_path, monkeypatch):
    here, found = environment(), []
    for device in ("NVIDIA H200", "cpu", "cpu"):
        there = here.model_copy(update={"device": device})
        monkeypatch.setattr(runs, "environment", lambda _device, there=there: there)
        note_environment(tmp_path)
        found.append(json.loads((tmp_path / "environment.json").read_text())["earlier_devices"])

    assert found == [[], ["NVIDIA H200"], ["NVIDIA H200"]]


def test_a_run_does_not_go_on_over_a_damaged_record_of_where_it_began(tmp_path):
    (tmp_path / "environment.json").write_text('{"device": "cpu"}')

    with pytest.raises(MiqrecError, match=r"environment.json is not a run's: date: Field required"):
        note_environment(tmp_path)
    assert (tmp_path / "environment.json").read_text() == '{"device": "cpu"}'
