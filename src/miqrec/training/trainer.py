"""Lightning's Trainer as it is used here: it records each epoch, and goes on where it was stopped."""

import logging
import signal
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import lightning.pytorch as pl
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from miqrec.system.environment import choose_device
from miqrec.system.files import writing
from miqrec.system.matmul import fast_products
from miqrec.training.callbacks import History, ProgressBar
from miqrec.training.checkpoints import LAST, Checkpoints, WholeFiles
from miqrec.training.config import TrainerConfig
from miqrec.training.hooks import Hooks


def run_epochs(
    step: pl.LightningModule,
    loader: object,
    config: TrainerConfig,
    folder: Path,
    positions_per_step: float,
    hooks: Hooks,
    validation: object | None = None,
) -> History:
    """Run the epochs of `config`, from the last checkpoint in `folder` if there is one.

    Args:
        step: One step of training, and of validation if there is a loader for it.
        loader: The batches to train on.
        config: How many epochs, and the trainer's settings.
        folder: Gets `history.csv` and `checkpoints/`.
        positions_per_step: How many positions are encoded in a step, on average.
        hooks: Callbacks, logger and device.
        validation: The batches to validate on.

    Raises:
        MiqrecError: If a loss is not finite, the checkpoint in `folder` is damaged, or the folder
            can't be written.
    """
    checkpoints = folder / "checkpoints"
    history = History(folder / "history.csv")
    bar = ProgressBar(history, config.epochs)
    callbacks = [history, bar, *hooks.callbacks, Checkpoints(checkpoints, history)]
    trainer = _make_trainer(config, folder, hooks, callbacks)
    resume = checkpoints / LAST if (checkpoints / LAST).exists() else None
    products = fast_products(choose_device(hooks.device), positions_per_step)
    with interruptible(), products, writing(folder), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\.")  # advice on what is chosen here
        trainer.fit(step, loader, validation, ckpt_path=resume, weights_only=True)
    return history


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt at Ctrl-C, where Lightning exits and has the next one ignored."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None


def _make_trainer(
    config: TrainerConfig, folder: Path, hooks: Hooks, callbacks: list[Callback]
) -> pl.Trainer:
    """Make a trainer for one device, which lets a cluster's scheduler change nothing.

    Lightning would take a checkpoint of its own making from the current folder, and write such ones,
    where the variables of SLURM say that the process is one of its jobs.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    device = choose_device(hooks.device)
    return pl.Trainer(
        accelerator=device.type,
        devices=[device.index or 0] if device.type == "cuda" else 1,
        max_epochs=config.epochs,
        precision=config.precision,
        gradient_clip_val=config.clip,
        logger=_loggers(hooks.logger, folder),
        callbacks=callbacks,
        plugins=[WholeFiles(), LightningEnvironment()],
        default_root_dir=folder,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _loggers(
    logger: Logger | Iterable[Logger] | bool, folder: Path
) -> Logger | list[Logger] | bool:
    """Take the caller's loggers; True stands for TensorBoard's event files beside `history.csv`.

    TensorBoard is an optional package, and without it nothing is logged.
    """
    if logger is True:
        tensorboard = find_spec("tensorboard") is not None
        return TensorBoardLogger(folder, name="tensorboard", version="") if tensorboard else False
    return logger if isinstance(logger, Logger | bool) else list(logger)
