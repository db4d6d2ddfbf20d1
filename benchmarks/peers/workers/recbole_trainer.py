"""RecBole's side: some steps of its own trainer on SASRec, from which an epoch is extrapolated.

RecBole makes a row of every prefix of every history, so its epoch has as many rows as there are targets.
Sizes, dropout, the feed-forward layers' width and their activation are set to those of the other sides.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.dataloader import TrainDataLoader
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer

from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job
from benchmarks.peers.workers.measure import Stopwatch, begin, finish


class Part:
    """The first batches of a loader; the trainer asks for the next batch when it is done with one."""

    def __init__(self, loader: TrainDataLoader, watch: Stopwatch, steps: int) -> None:
        self.loader, self.watch, self.steps = loader, watch, steps

    def __iter__(self) -> Iterator[Any]:
        for batch in self.loader:
            yield batch
            self.watch.step(len(batch))
            if len(self.watch.ends) == self.steps:
                return


def configure(job: Job, folder: Path, scratch: str) -> Config:
    """Write the job in RecBole's words; all rows are for training, since two a user are held out already."""
    return Config(
        model="SASRec",
        dataset="train",
        config_dict={
            "data_path": str(folder),
            "checkpoint_dir": scratch,
            "use_gpu": False,
            "show_progress": False,
            "USER_ID_FIELD": "user",
            "ITEM_ID_FIELD": "item",
            "TIME_FIELD": "time",
            "load_col": {"inter": ["user", "item", "time"]},
            "MAX_ITEM_LIST_LENGTH": job.max_length,
            "hidden_size": job.dim,
            "inner_size": job.feed_forward * job.dim,
            "n_layers": job.n_layers,
            "n_heads": job.n_heads,
            "hidden_act": "relu",
            "hidden_dropout_prob": job.dropout,
            "attn_dropout_prob": job.attention_dropout,
            "loss_type": "CE",
            "train_neg_sample_args": None,
            "train_batch_size": job.batch_size,
            "eval_args": {"split": {"RS": [1, 0, 0]}, "order": "TO", "group_by": "user"},
        },
    )


def main(job: Job, folder: Path) -> None:
    """Time the steps after the warm-up; a whole epoch would take hours."""
    memory = Memory()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # where it writes its logs
        config = configure(job, folder, scratch)
        dataset = create_dataset(config)
        loader = TrainDataLoader(config, dataset.build()[0], None, shuffle=True)
        model, watch = SASRec(config, loader.dataset), Stopwatch(job.warm_up)
        Trainer(config, model)._train_epoch(Part(loader, watch, job.warm_up + job.steps), 0)
    rows = len(loader.dataset)
    note = f"{watch.note(rows)}; {rows / job.batch_size:,.0f} steps of {job.batch_size} prefixes"
    finish(
        *(job, memory, ("recbole",)),
        seconds=[watch.epoch(rows)],
        targets=rows,
        items=dataset.item_num - 1,
        note=note,
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main(*begin())
