"""RecTools' side: `SASRecModel.fit` and `recommend`, as its documentation shows them.

Validation and checkpoints are off, as by default. RecTools uses its dropout on attention probabilities too;
where the job has no dropout there, it is switched off in the layers once they are made.
"""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from pytorch_lightning import Callback, Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.transformers.sasrec import SASRecTransformerLayers

from benchmarks.machine.clock import timed
from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job
from benchmarks.peers.workers.measure import Stopwatch, begin, finish

PACKAGES = ("rectools", "pytorch-lightning", "pandas")


class Timing(Callback):
    """Notes the end of each training step."""

    def __init__(self, warm_up: int) -> None:
        self.watch = Stopwatch(warm_up)

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int
    ) -> None:
        self.watch.step(len(batch["x"]))


class NoAttentionDropout(SASRecTransformerLayers):
    """RecTools' layers without dropout on attention."""

    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        for block in self.transformer_blocks:
            block.multi_head_attn.dropout = 0.0


def read(folder: Path) -> Dataset:
    """Read the training interactions; the place in a user's history becomes a number of days."""
    rows = pd.read_csv(folder / "train" / "train.inter", sep="\t")
    rows.columns = [Columns.User, Columns.Item, Columns.Datetime]
    rows[Columns.Datetime] = pd.Timestamp("2000-01-01") + pd.to_timedelta(
        rows[Columns.Datetime], unit="D"
    )
    rows[Columns.Weight] = 1
    return Dataset.construct(rows)


def build(job: Job) -> SASRecModel:
    """Build the job's model, with a trainer that stops after the job's steps."""
    layers = {} if job.attention_dropout else {"transformer_layers_type": NoAttentionDropout}
    model = SASRecModel(
        n_blocks=job.n_layers,
        n_heads=job.n_heads,
        n_factors=job.dim,
        dropout_rate=job.dropout,
        session_max_len=job.max_length,
        loss="softmax",
        batch_size=job.batch_size,
        **layers,
    )
    model._trainer = Trainer(  # the way its documentation gives to set one of your own
        max_epochs=1,
        limit_train_batches=job.warm_up + job.steps if job.steps else 1.0,
        callbacks=[Timing(job.warm_up)],
        accelerator="cpu",
        precision=job.precision,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
    )
    return model


def main(job: Job, folder: Path) -> None:
    """Fit the model, and where lists are measured recommend to everybody."""
    dataset, memory, model = read(folder), Memory(), build(job)
    model.fit(dataset)
    watch = model.fit_trainer.callbacks[0].watch  # RecTools trains by a copy of its trainer
    sessions = model.data_preparator.get_dataloader_train().dataset.sessions
    measured: dict[str, Any] = {
        "seconds": [watch.epoch(len(sessions))],
        "targets": sum(len(session) - 1 for session in sessions),
        "note": watch.note(len(sessions)) if job.steps else "",
    }
    if job.work == "recommend":
        users = dataset.user_id_map.external_ids[: job.asked or None]
        arguments = {"users": users, "dataset": dataset, "k": job.k, "filter_viewed": True}
        calls = [timed(lambda: model.recommend(**arguments)) for _ in range(job.calls)]
        measured = {"seconds": calls[1:], "targets": len(users)}
    finish(job, memory, PACKAGES, items=dataset.item_id_map.size, **measured)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(*begin())
