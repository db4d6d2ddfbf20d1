"""RecTools' `FlatSASRecNet` in a plain loop of PyTorch, on sequences that RecTools' `build_sequences` makes.

RecTools has this network for fast training, without a `fit` of its own. Its blocks are pre-norm, with
feed-forward layers of four times the model's width and GELU, and with dropout on attention; a job may say
otherwise, and the layers are then changed once they are made. The loss is the full softmax over all items,
at the positions that have a target, as RecTools' own training of its other fast network has it.
"""

from pathlib import Path

import pandas as pd
import torch
from rectools.fast_transformers import FlatSASRecNet, SequenceBatchDataset, build_sequences
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job
from benchmarks.peers.workers.measure import Stopwatch, begin, finish

NO_TARGET = -1
"""The target of a padded position, once items are counted from 0."""


def read(job: Job, folder: Path) -> tuple[Tensor, Tensor, int]:
    """Read the training interactions.

    Returns:
        Inputs and targets, each (users, max_length) with 0 as padding on the left, and the number of items.
    """
    rows = pd.read_csv(folder / "train" / "train.inter", sep="\t")
    users, items, times = (torch.tensor(rows[column].to_numpy()).long() for column in rows)
    inputs, targets, known_items, _ = build_sequences(users, items, times, job.max_length)
    return inputs, targets, len(known_items)


def build(job: Job, n_items: int) -> FlatSASRecNet:
    """Build the job's network."""
    net = FlatSASRecNet(
        n_items, job.dim, job.n_layers, job.n_heads, job.max_length, dropout=job.dropout
    )
    for block in net.blocks:
        block.mha.dropout = job.attention_dropout
        if job.feed_forward == 1:
            block.ffn = feed_forward(job)
    return net


def feed_forward(job: Job) -> nn.Module:
    """Build the feed-forward layer that the other sides have: of the model's width, with ReLU."""
    return nn.Sequential(
        *(nn.Linear(job.dim, job.dim), nn.ReLU(), nn.Dropout(job.dropout)),
        *(nn.Linear(job.dim, job.dim), nn.Dropout(job.dropout)),
    )


def loss_of(net: FlatSASRecNet, batch: dict[str, Tensor], *, only_targets: bool) -> Tensor:
    """Return the mean of the full softmax's loss over the batch's targets.

    Args:
        net: The network.
        batch: Inputs `x` and targets `y`, both (B, L).
        only_targets: Whether the positions without a target are left out before all items are scored, and
            not only in the loss; it changes the time, not the result.
    """
    targets = batch["y"] - 1
    if only_targets:
        states = net.encode(batch["x"])[targets != NO_TARGET]
        return cross_entropy(states @ net.all_item_embeddings().T, targets[targets != NO_TARGET])
    return cross_entropy(net(batch).flatten(0, 1), targets.flatten(), ignore_index=NO_TARGET)


def main(job: Job, folder: Path) -> None:
    """Train for one epoch, and time the steps after the warm-up."""
    inputs, targets, n_items = read(job, folder)
    memory, watch, net = Memory(), Stopwatch(job.warm_up), build(job, n_items)
    loader = DataLoader(SequenceBatchDataset(inputs, targets), job.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    for batch in loader:
        loss = loss_of(net, batch, only_targets=job.only_targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(len(batch["x"]))
    finish(
        *(job, memory, ("rectools", "pandas")),
        seconds=[watch.epoch(len(inputs))],
        targets=int((targets > 0).sum()),
        items=n_items,
        loss=loss.item(),
    )


if __name__ == "__main__":
    main(*begin())
