"""Training: what is chosen, what is repeated exactly, and how it stops."""

import csv
from pathlib import Path

import lightning.pytorch as lightning
import polars as pl
import pytest
import torch

from miqrec.data.encoding import build_dataset
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.runs.fit import fit, fit_on_everything
from miqrec.training.callbacks import History
from worlds import cycle, small


def weights(folder: Path, **values: object) -> dict[str, torch.Tensor]:
    return fit(small("miq-sasrec", cycle(), **values), folder).model.state_dict()


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as lines:
        return list(csv.DictReader(lines))


def equal(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


class Killed(Exception):
    """Stands for a kill at any moment."""


@pytest.fixture
def kill_at(monkeypatch):
    """Kill the training at a step of an epoch (both counted from 0)."""

    def kill(epoch: int, step: int) -> None:
        original = History.on_train_batch_end

        def killing(self, trainer: lightning.Trainer, *arguments) -> None:
            if trainer.current_epoch == epoch and arguments[-1] == step:
                raise Killed
            original(self, trainer, *arguments)

        monkeypatch.setattr(History, "on_train_batch_end", killing)

    yield kill
    monkeypatch.undo()


def test_a_seed_gives_the_same_weights_twice(tmp_path):
    assert equal(weights(tmp_path / "a", seed=1), weights(tmp_path / "b", seed=1))
    assert not equal(weights(tmp_path / "a2", seed=1), weights(tmp_path / "c", seed=2))


def test_blocks_change_the_training_of_histories_above_max_length_only(tmp_path):
    def trained(long_histories: str, max_length: int) -> dict[str, torch.Tensor]:
        folder = tmp_path / f"{long_histories}-{max_length}"
        return weights(folder, long_histories=long_histories, max_length=max_length, epochs=1)

    assert equal(trained("newest", 30), trained("blocks", 30))
    assert not equal(trained("newest", 3), trained("blocks", 3))


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0), (2, 3)])
@pytest.mark.parametrize(
    "values",
    [
        {"loss": "ce"},
        {"loss": "bce", "schedule": "linear"},
        {"answers": 3, "answer_weights": "adaptive", "replace_inputs": 0.2, "drop_inputs": 0.2},
    ],
    ids=["ce", "bce", "answers"],
)
def test_a_run_that_was_killed_and_resumed_ends_as_one_that_was_not(
    tmp_path, kill_at, monkeypatch, epoch, step, values
):
    values = {"epochs": 4, "dropout": 0.3, **values}
    whole = weights(tmp_path / "whole", **values)
    kill_at(epoch, step)
    with pytest.raises(Killed):
        weights(tmp_path / "killed", **values)
    monkeypatch.undo()

    resumed = weights(tmp_path / "killed", **values)

    assert equal(whole, resumed)
    columns = ("epoch", "loss", "NDCG@10")
    assert [[row[name] for name in columns] for row in history(tmp_path / "whole")] == [
        [row[name] for name in columns] for row in history(tmp_path / "killed")
    ]


def test_a_training_that_had_stopped_early_does_not_go_on_when_it_is_started_again(tmp_path):
    values = {"epochs": 40, "patience": 2, "learning_rate": 0.05}
    first = weights(tmp_path, **values)
    epochs = len(history(tmp_path))

    again = weights(tmp_path, **values)

    assert epochs < 40
    assert len(history(tmp_path)) == epochs
    assert equal(first, again)


def test_the_epoch_with_the_best_validation_score_is_kept(tmp_path):
    artifact = fit(small("sasrec", cycle(), epochs=6, learning_rate=0.03), tmp_path)

    scores = [float(row["NDCG@10"]) for row in history(tmp_path)]
    assert artifact.config.epochs == 1 + scores.index(max(scores))


def test_the_history_has_a_row_an_epoch_and_the_loss_falls(tmp_path):
    weights(tmp_path, epochs=5)

    losses = [float(row["loss"]) for row in history(tmp_path)]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


def test_a_loss_that_is_not_finite_stops_and_says_at_which_step(tmp_path):
    with pytest.raises(
        MiqrecError, match=r"the loss is (nan|inf) at step \d+ \(epoch \d+\); lower"
    ):
        weights(tmp_path, learning_rate=1e30, epochs=20)


def test_fitting_on_everything_learns_the_held_out_items_too(tmp_path):
    config = small("sasrec", cycle(), epochs=2)

    artifact = fit_on_everything(config, epochs=2, folder=tmp_path)

    assert artifact.config.trained_on == "all"
    assert artifact.counts.sum() == len(cycle().sequences.items)
    assert len(history(tmp_path)) == 2


def test_counts_leave_out_what_is_held_out(tmp_path):
    artifact = fit(small("popularity", cycle()), tmp_path)

    n_users = cycle().sequences.n_users
    assert artifact.counts.sum() == len(cycle().sequences.items) - 2 * n_users


def test_users_with_short_histories_are_trained_on_and_counted_in_a_warning(tmp_path):
    log = pl.DataFrame({"user": [1, 1, 1, 2, 2, 3], "item": [1, 2, 3, 1, 2, 3]})
    dataset = build_dataset(log)

    with pytest.warns(MiqrecWarning, match="2 of 3 users have fewer than 3 interactions"):
        artifact = fit(small("popularity", dataset), tmp_path)
    assert artifact.counts.tolist() == [2, 1, 1]  # 1 of user 1; 1 and 2 of user 2; 3 of user 3


@pytest.mark.parametrize("loss", ["ce", "cce", "ce-last", "bce", "gbce", "sampled-ce"])
def test_every_loss_learns_the_circle(tmp_path, loss):
    values = {"loss": loss, "epochs": 25, "negatives": 4, "learning_rate": 0.02, "dropout": 0.0}
    fit(small("sasrec", cycle(), **values), tmp_path)

    assert max(float(row["HR@5"]) for row in history(tmp_path)) > 0.9


def test_it_learns_in_mixed_precision_with_clipped_gradients(tmp_path):
    values = {"precision": "bf16-mixed", "clip": 1.0, "epochs": 25, "learning_rate": 0.02}
    artifact = fit(small("miq-sasrec", cycle(), **values), tmp_path)

    assert max(float(row["HR@5"]) for row in history(tmp_path)) > 0.9
    assert {weight.dtype for weight in artifact.model.parameters()} == {torch.float32}


@pytest.mark.parametrize("sampler", ["uniform", "popularity", "in-batch"])
def test_every_sampler_feeds_the_sampled_softmax(tmp_path, sampler):
    values = {"loss": "sampled-ce", "sampler": sampler, "negatives": 4, "epochs": 25}
    fit(small("sasrec", cycle(), learning_rate=0.02, dropout=0.0, **values), tmp_path)

    assert max(float(row["HR@5"]) for row in history(tmp_path)) > 0.9
