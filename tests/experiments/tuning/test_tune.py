"""A search ends with as many trials as were asked for, whatever happens on the way."""

from types import SimpleNamespace

import optuna
import polars as pl
import pytest
import torch

from miqrec.data.open import DataConfig
from miqrec.data.splitting import Splits
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.tuning import tune as module
from miqrec.experiments.tuning.tune import Prune, TuningConfig, tune
from miqrec.runs.folder import claim
from miqrec.runs.run import validate
from miqrec.system.locks import locked
from miqrec.training.hooks import Hooks
from worlds import cycle, small

FIXED = {"dim": 8, "n_heads": 1, "n_layers": 1, "max_length": 10, "epochs": 1, "batch_size": 64}


def space(**search) -> TuningConfig:
    """What is searched, by default the dropout; the rest is fixed."""
    search = search or {"dropout": {"low": 0.0, "high": 0.5}}
    return TuningConfig(
        data=DataConfig(source=None),
        fingerprint=cycle().fingerprint,
        model="sasrec",
        settings={name: value for name, value in FIXED.items() if name not in search},
        search=search,
    )


def trial_folders(out) -> list[str]:
    return sorted(path.name for path in out.glob("trial-*") if path.is_dir())


@pytest.fixture
def scored(monkeypatch):
    """No training: a trial's score is its dropout; returns the folders that were asked for."""
    folders = []

    def score(plan, folder, hooks):
        folders.append(folder.name)
        return {"NDCG@10": plan.config.model.dropout}

    monkeypatch.setattr(module, "validate", score)
    return folders


def test_the_best_trial_is_the_one_with_the_highest_validation_score(scored, tmp_path):
    result = tune(cycle(), space(dropout=(0.1, 0.4, 0.2)), 12, tmp_path / "out")

    assert (result.score, result.settings) == (0.4, FIXED | {"dropout": 0.4})
    assert (result.finished, result.pruned, len(scored)) == (12, 0, 12)


def test_all_trials_are_left_in_a_file(scored, tmp_path):
    tune(cycle(), space(dropout=(0.1, 0.4)), 3, tmp_path / "out")

    trials = pl.read_csv(tmp_path / "out" / "trials.csv")
    assert trials.columns == ["trial", "state", "NDCG@10", "dropout"]
    assert trials["trial"].to_list() == [0, 1, 2]
    assert trials["state"].to_list() == ["complete"] * 3
    assert trials["NDCG@10"].to_list() == trials["dropout"].to_list()  # the score of `scored`


def test_a_trial_sees_no_test_item(tmp_path, monkeypatch):
    splits = []
    held = Splits.held
    monkeypatch.setattr(Splits, "held", lambda self, part: splits.append(part) or held(self, part))

    result = tune(cycle(), space(), 1, tmp_path / "out")

    files = {path.name for path in (tmp_path / "out" / "trial-0").iterdir()}
    assert set(splits) == {"valid"}
    assert files - {"tensorboard"} == {"config.json", "history.csv", "valid.json"}
    history = pl.read_csv(tmp_path / "out" / "trial-0" / "history.csv")
    assert result.score == pytest.approx(history["NDCG@10"].max())


def test_started_again_it_goes_on_to_the_number_asked_for(scored, tmp_path):
    for trials in (2, 5, 5, 3):
        tune(cycle(), space(), trials, tmp_path / "out")

    assert scored == ["trial-0", "trial-1", "trial-2", "trial-3", "trial-4"]


def test_processes_with_the_same_storage_work_together(scored, tmp_path):
    storage = f"sqlite:///{tmp_path / 'both.db'}"

    tune(cycle(), space(), 2, tmp_path / "one", storage)
    result = tune(cycle(), space(), 3, tmp_path / "other", storage)

    assert scored == ["trial-0", "trial-1", "trial-2"]
    assert result.finished == 3


def test_another_search_in_the_same_storage_is_apart(scored, tmp_path):
    storage = f"sqlite:///{tmp_path / 'both.db'}"

    tune(cycle(), space(), 2, tmp_path / "one", storage)
    result = tune(cycle(), space(dropout=(0.1, 0.2)), 2, tmp_path / "other", storage)

    assert result.finished == 2


def test_another_search_in_the_same_folder_is_refused(scored, tmp_path):
    tune(cycle(), space(), 1, tmp_path / "out")

    with pytest.raises(MiqrecError, match=r"other settings \(search.dropout"):
        tune(cycle(), space(dropout=(0.1, 0.2)), 1, tmp_path / "out")


def killed(monkeypatch, out) -> float:
    """Stop a search in the middle of its first trial; returns the dropout that it was trying."""
    tried = []

    def stop(plan, folder, hooks):
        claim(folder, plan.config)
        tried.append(plan.config.model.dropout)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "validate", stop)
        with pytest.raises(KeyboardInterrupt):
            tune(cycle(), space(), 2, out)
    return tried[0]


def test_a_trial_whose_process_was_killed_goes_on_in_its_folder(scored, tmp_path, monkeypatch):
    dropout = killed(monkeypatch, tmp_path / "out")

    result = tune(cycle(), space(), 1, tmp_path / "out")

    assert scored == ["trial-0"]
    assert result.settings["dropout"] == dropout


def test_a_trial_that_another_process_is_at_is_left_to_it(scored, tmp_path, monkeypatch):
    killed(monkeypatch, tmp_path / "out")

    with locked(tmp_path / "out" / "trial-0"):
        tune(cycle(), space(), 1, tmp_path / "out")

    assert scored == ["trial-1"]


def test_settings_that_do_not_go_together_are_a_warning_and_count_as_a_trial(tmp_path):
    with (
        pytest.warns(MiqrecWarning, match="trial 0: n_heads 3 must divide dim 8"),
        pytest.raises(MiqrecError, match="none of the 1 trials could be finished"),
    ):
        tune(cycle(), space(n_heads=(3,)), 1, tmp_path / "out")


class Hopeless:
    """A trial that Optuna gives up at its second epoch."""

    def __init__(self):
        self.reports = []

    def report(self, score, step):
        self.reports.append((step, score))

    def should_prune(self):
        return len(self.reports) == 2


def test_a_trial_that_is_given_up_stops_at_that_epoch(tmp_path):
    trial, plan = Hopeless(), small("sasrec", cycle(), epochs=5)

    with pytest.raises(optuna.TrialPruned):
        validate(plan, tmp_path / "trial", Hooks([Prune(trial)]))

    history = pl.read_csv(tmp_path / "trial" / "history.csv")
    assert trial.reports == list(enumerate(history["NDCG@10"].to_list()))
    assert history.height == 2


GAINS_LATE = [0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.22, 0.24]
FALLS_BEHIND = [0.1, 0.12, 0.11, 0.11, 0.11, 0.11, 0.11, 0.11]
FALLS_AHEAD = [0.3, 0.32, 0.31, 0.31, 0.31, 0.31, 0.31, 0.31]


@pytest.mark.parametrize(
    ("scores", "patience", "seen"),
    [
        (GAINS_LATE, 4, 8),
        (FALLS_AHEAD, 4, 8),
        (FALLS_BEHIND, 4, 2 + 4 // 2 + 1),
        (FALLS_BEHIND, 8, 2 + 8 // 2 + 1),
    ],
)
def test_a_trial_is_given_up_where_it_is_behind_and_below_its_own_best(
    scores, patience, seen, tmp_path, monkeypatch
):
    curves = [[0.2] * 8] * 5 + [scores]
    lengths = []

    def follow_the_curve(plan, folder, hooks):
        curve = curves[len(lengths)]
        lengths.append(0)
        for epoch, score in enumerate(curve):
            lengths[-1] += 1
            scores = {"NDCG@10": torch.tensor(score)}
            trainer = SimpleNamespace(callback_metrics=scores, current_epoch=epoch)
            hooks.callbacks[0].on_train_epoch_end(trainer, None)
        return {"NDCG@10": max(curve)}

    monkeypatch.setattr(module, "validate", follow_the_curve)
    config = space().model_copy(update={"settings": FIXED | {"patience": patience}})

    tune(cycle(), config, 6, tmp_path / "out", "sqlite://")  # in memory: it is faster

    assert lengths == [8] * 5 + [seen]


def test_scores_of_a_trial_that_are_damaged_are_named(tmp_path):
    plan = small("sasrec", cycle(), epochs=1)
    assert validate(plan, tmp_path).keys() >= {"HR@10", "NDCG@10"}
    (tmp_path / "valid.json").write_text("{")

    with pytest.raises(MiqrecError, match=r"valid\.json is not a trial's: .*; restore it"):
        validate(plan, tmp_path)


def test_a_trial_that_is_given_up_counts(tmp_path, monkeypatch):
    def give_up_the_second(plan, folder, hooks):
        if folder.name == "trial-1":
            raise optuna.TrialPruned
        return {"NDCG@10": 0.1}

    monkeypatch.setattr(module, "validate", give_up_the_second)

    result = tune(cycle(), space(), 3, tmp_path / "out")

    assert (result.finished, result.pruned) == (2, 1)
