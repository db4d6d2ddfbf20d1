"""A training that was stopped, moved, copied or harmed ends with the right weights or with a sentence."""

import shutil
from pathlib import Path

import lightning.pytorch as lightning
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from miqrec.errors import MiqrecError
from miqrec.runs.fit import fit
from miqrec.training.callbacks import History
from miqrec.training.checkpoints import read_checkpoint
from miqrec.training.hooks import Hooks
from worlds import cycle, small

FALLING = {"epochs": 6, "learning_rate": 0.1}
"""With steps this large the third epoch stays the best."""


class Killed(Exception):
    """Stands for a kill."""


class Kill(Callback):
    """Kill the training before a step of an epoch, both counted from 0."""

    def __init__(self, epoch: int, step: int = 1) -> None:
        self.moment = epoch, step

    def on_train_batch_start(self, trainer: lightning.Trainer, _, __, batch_idx: int) -> None:
        if (trainer.current_epoch, batch_idx) == self.moment:
            raise Killed


def weights(folder: Path, *callbacks: Callback, **values: object) -> dict[str, torch.Tensor]:
    artifact = fit(small("sasrec", cycle(), **values), folder, Hooks(callbacks))
    return artifact.model.state_dict()


def stop(folder: Path, epoch: int = 4, **values: object) -> None:
    with pytest.raises(Killed):
        weights(folder, Kill(epoch), **values)


def equal(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, torch.Tensor]:
    """The weights of a training that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    found = weights(folder, **FALLING)
    assert (folder / "checkpoints" / "best-3.ckpt").exists()  # validation chose it
    return found


def test_a_training_that_was_moved_ends_as_one_that_was_not(tmp_path, whole):
    stop(tmp_path / "there", **FALLING)
    shutil.move(tmp_path / "there", tmp_path / "here")

    assert equal(weights(tmp_path / "here", **FALLING), whole)


def test_a_training_that_an_older_version_began_goes_on(tmp_path, whole):
    stop(tmp_path, **FALLING)
    checkpoints = tmp_path / "checkpoints"
    (checkpoints / "best-3.ckpt").rename(checkpoints / "best.ckpt")  # as it was named

    assert equal(weights(tmp_path, **FALLING), whole)


def test_a_checkpoint_in_the_current_folder_is_not_taken_up_under_slurm(
    tmp_path, monkeypatch, whole
):
    stop(tmp_path / "other", seed=3, **FALLING)
    monkeypatch.chdir(tmp_path)
    shutil.copy(tmp_path / "other" / "checkpoints" / "last.ckpt", "hpc_ckpt_1.ckpt")
    slurm = {"NTASKS": "1", "JOB_NAME": "train", "JOB_ID": "7", "PROCID": "0", "LOCALID": "0"}
    for name, value in slurm.items():
        monkeypatch.setenv(f"SLURM_{name}", value)

    assert equal(weights(tmp_path / "run", **FALLING), whole)


def test_slurms_number_of_tasks_is_not_ours(tmp_path, monkeypatch, whole):
    monkeypatch.setenv("SLURM_NTASKS", "4")
    monkeypatch.setenv("SLURM_JOB_NAME", "train")
    assert equal(weights(tmp_path / "run", **FALLING), whole)


def test_weights_of_another_epoch_are_not_taken_for_the_best(tmp_path):
    stop(tmp_path, **FALLING)
    other = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    torch.save(other, tmp_path / "checkpoints" / "best-3.ckpt")

    with pytest.raises(MiqrecError, match=r"best-3\.ckpt holds the weights of epoch 4; remove"):
        weights(tmp_path, **FALLING)


def test_missing_weights_of_the_best_epoch_are_named(tmp_path):
    stop(tmp_path, **FALLING)
    (tmp_path / "checkpoints" / "best-3.ckpt").unlink()
    with pytest.raises(MiqrecError, match=r"best-3\.ckpt can't be read: .*No such file"):
        weights(tmp_path, **FALLING)


def test_a_damaged_checkpoint_is_named(tmp_path):
    stop(tmp_path, **FALLING)
    path = tmp_path / "checkpoints" / "last.ckpt"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MiqrecError, match=r"last\.ckpt can't be read: .* train from the beginning"):
        weights(tmp_path, **FALLING)


def harmed(content: bytes, place: int) -> dict[str, bytes]:
    """Return a file with one thing wrong at a place, by what is wrong."""
    before, byte, after = content[:place], content[place], content[place + 1 :]
    return {
        "a bit": before + bytes([byte ^ 0x10]) + after,
        "the highest bit": before + bytes([byte ^ 0x80]) + after,
        "a block of zeros": before + bytes(64) + content[place + 64 :],
        "a block from elsewhere": before + content[:64] + content[place + 64 :],
        "cut short": before,
        "a byte is missing": before + after,
    }


@pytest.mark.parametrize("harm", harmed(b"content", 0))
def test_whatever_is_wrong_in_a_checkpoint_it_is_right_or_refused(tmp_path, harm):
    path, tensor = tmp_path / "a.ckpt", torch.arange(200.0)
    torch.save({"state_dict": {"weight": tensor}, "epoch": 3}, path)
    content, refused = path.read_bytes(), 0
    for place in range(0, len(content), 7):
        path.write_bytes(harmed(content, place)[harm])
        try:
            found = read_checkpoint(path)
        except MiqrecError:
            refused += 1
        else:
            assert torch.equal(found["state_dict"]["weight"], tensor)
            assert found["epoch"] == 3
    assert refused > 100


def test_only_the_last_and_the_best_checkpoint_stay(tmp_path):
    stop(tmp_path, epochs=6, learning_rate=0.01)  # each epoch is better than the one before
    names = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert names == {"last.ckpt", "best-4.ckpt"}


def test_the_loss_is_looked_at_once_a_step(tmp_path, monkeypatch):
    looks: list[int] = []

    def watching(losses: torch.Tensor, *_: object) -> None:
        looks.append(len(losses))

    monkeypatch.setattr("miqrec.training.callbacks._check_finite", watching)
    weights(tmp_path, epochs=1, batch_size=4)

    steps = 30  # 120 users in steps of 4
    assert sum(looks) == steps + steps  # each by itself, and all of them at the epoch's end


def test_a_history_knows_the_first_of_the_best_epochs(tmp_path):
    history = History(tmp_path / "history.csv")
    assert history.best_epoch is None
    history.rows = [
        {"epoch": n, "loss": 1.0, "NDCG@10": v} for n, v in ((1, 0.1), (2, 0.3), (3, 0.3))
    ]
    assert history.best_epoch == 2
    history.rows = [{"epoch": 1, "loss": 1.0}]
    assert history.best_epoch is None
