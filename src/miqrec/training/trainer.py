"""Lightning's Trainer as used here: epochs are recorded, checked, and resumed where they stopped."""

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger

from miqrec.system.environment import best_device
from miqrec.system.matmul import fast_products
from miqrec.training.callbacks import AtomicCheckpoints, History, ProgressBar
from miqrec.training.config import TrainerConfig


def run_epochs(
    step: pl.LightningModule,
    loader: object,
    config: TrainerConfig,
    folder: Path,
    positions_per_step: float,
    callbacks: Sequence[Callback] = (),
    validation: object | None = None,
) -> History:
    """Run the epochs of `config`, from the last checkpoint in `folder` if there is one.

    Args:
        step: one step of training, and of validation if there is a loader for it.
        loader: batches to train on.
        config: how many epochs, and the trainer's settings.
        folder: gets `history.csv` and `checkpoints/last.ckpt`.
        positions_per_step: how many are encoded at a time, on average.
        callbacks: what is done besides.
        validation: batches to validate on.

    Raises:
        MiqrecError: a loss that is not finite.
    """
    history = History(folder / "history.csv")
    last = ModelCheckpoint(
        folder / "checkpoints",
        filename="last",
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    bar = ProgressBar(history, config.epochs)
    trainer = _make_trainer(config, folder, [history, bar, *callbacks, last])
    stopped = folder / "checkpoints" / "last.ckpt"
    products = fast_products(best_device(), positions_per_step)
    resume = stopped if stopped.exists() else None
    with interruptible(), products, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\.")  # advice on what is chosen here
        trainer.fit(step, loader, validation, ckpt_path=resume, weights_only=True)
    return history


@contextmanager
def interruptible() -> Iterator[None]:
    """Lightning answers Ctrl-C by `sys.exit` and by ignoring the next one; callers get the real thing."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None


def _make_trainer(config: TrainerConfig, folder: Path, callbacks: list[Callback]) -> pl.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    return pl.Trainer(
        accelerator="auto",
        devices=1,
        max_epochs=config.epochs,
        precision=config.precision,
        gradient_clip_val=config.clip,
        logger=_tensorboard(folder) if find_spec("tensorboard") else False,
        callbacks=callbacks,
        plugins=[AtomicCheckpoints()],
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _tensorboard(folder: Path) -> TensorBoardLogger:
    """Event files beside `history.csv`, where the optional package is installed."""
    return TensorBoardLogger(folder, name="tensorboard", version="")
