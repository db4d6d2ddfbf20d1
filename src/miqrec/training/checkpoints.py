"""Checkpoints of a training: the last epoch's, to go on from, and the best epoch's weights."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor
from typing_extensions import override

from miqrec.errors import MiqrecError
from miqrec.system.files import remove, replacing
from miqrec.training.callbacks import History

LAST = "last.ckpt"
"""The checkpoint that a stopped training goes on from."""


class Checkpoints(Checkpoint):
    """Write the last epoch's checkpoint, and before it the weights of the best epoch so far.

    Which epoch that is says the history, which is part of the last checkpoint. So the two agree
    whenever the process ends, and wherever the folder is moved to.

    Args:
        folder: Gets `last.ckpt` and `best-EPOCH.ckpt`.
        history: The training's.
    """

    def __init__(self, folder: Path, history: History) -> None:
        self.folder = folder
        self.history = history

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the epoch's weights if it is the best; the history's callback comes before."""
        epoch = self.history.best_epoch
        if epoch == trainer.current_epoch + 1:
            trainer.save_checkpoint(_best(self.folder, epoch), weights_only=True)
        trainer.save_checkpoint(self.folder / LAST)
        for path in set(self.folder.glob("best-*.ckpt")) - {_best(self.folder, epoch)}:
            remove(path)


class WholeFiles(TorchCheckpointIO):
    """Lightning's way to files, by which no half checkpoint is written and no damaged one read."""

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        whole = BytesIO()  # Lightning would go by a file in the system's temporary folder
        torch.save(checkpoint, whole)
        with replacing(Path(path)) as partial:
            partial.write_bytes(whole.getbuffer())

    @override
    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return read_checkpoint(Path(path))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU, checked against the checksums that its archive holds.

    Raises:
        MiqrecError: If it is not there, is damaged, or holds anything but tensors and plain values.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                archive.read(part)  # which compares the checksum
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged archive makes its readers raise errors of many kinds
        reason = str(error).partition("\n")[0]
        raise MiqrecError(
            f"{path} can't be read: {reason}; remove the folder {path.parent} to train from the beginning"
        ) from error


def best_weights(folder: Path, epoch: int) -> dict[str, Tensor]:
    """Read the weights of the best epoch (from 1), as the model's `load_state_dict` takes them.

    Raises:
        MiqrecError: If they are not there, are damaged or are another epoch's.
    """
    path, older = _best(folder, epoch), folder / "best.ckpt"  # as older versions named it
    path = older if older.exists() and not path.exists() else path
    checkpoint = read_checkpoint(path)
    if checkpoint["epoch"] + 1 != epoch:
        raise MiqrecError(
            f"{path} holds the weights of epoch {checkpoint['epoch'] + 1}; "
            f"remove the folder {folder} to train from the beginning"
        )
    return {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}


def _best(folder: Path, epoch: int | None) -> Path:
    return folder / f"best-{epoch}.ckpt"
