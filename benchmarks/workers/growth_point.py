"""One point of a growth curve, in a process of its own so that its peak memory is its own.

python -m benchmarks.workers.growth_point items 100000
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import torch

from benchmarks.limits import timed
from benchmarks.workers.measure import MIB, Memory
from miqrec.data.batches.training import Piece, TrainingExamples, training_loader
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.splitting import SplitConfig, split
from miqrec.models.encoder import Encoder
from miqrec.models.registry import build_model
from miqrec.models.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.system.matmul import fast_products
from miqrec.training.losses import ce

STEPS = 4
"""Steps of training a point; the first is a warm-up, the median of the others counts."""

Point = dict[str, float]


def interactions(n: int) -> Point:
    """Prepare n interactions from Parquet, and go through the batches of an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "interactions.parquet"
        _in_a_child(n, file)
        memory, began = Memory(), time.perf_counter()
        dataset = open_dataset(DataConfig(source=str(file)))
        prepared = time.perf_counter() - began
    examples = TrainingExamples(split(dataset, SplitConfig()).train, 200)
    began = time.perf_counter()
    for _ in training_loader(examples, 128, seed=0):
        pass
    batches = time.perf_counter() - began
    return {"seconds": prepared, "batches_seconds": batches} | memory.summary()


def write_interactions(n: int, file: Path) -> None:
    """A log in the order of time: 100 interactions a user on average, items as popular as 1 / rank."""
    generator = np.random.default_rng(0)
    popularity = 1 / np.arange(1, 50_001)
    ends = popularity.cumsum() / popularity.sum()
    users = generator.integers(max(n // 100, 1), size=n)
    items = np.searchsorted(ends, generator.random(n))
    times = np.sort(generator.integers(10**9, size=n))
    pl.DataFrame({"user": users, "item": items, "time": times}).write_parquet(file)


def items(n: int) -> Point:
    """Train SASRec with the full softmax over n items: 32 histories of 50."""
    return _training_steps(build_model(SASRecConfig(max_length=50), n), full_batch(32, 50, n), n)


def length(n: int) -> Point:
    """Train SASRec on 16 histories of n items, 10,000 items in all."""
    model = build_model(SASRecConfig(max_length=n), 10_000)
    return _training_steps(model, full_batch(16, n, 10_000), 10_000)


def window(n: int) -> Point:
    """Train MIQ-SASRec with a window of n on 32 histories of 200, 3,416 items in all."""
    config = MIQSASRecConfig(window=n, max_length=200)
    return _training_steps(build_model(config, 3416), full_batch(32, 200, 3416), 3416)


AXES: dict[str, Callable[[int], Point]] = {
    "interactions": interactions,
    "items": items,
    "length": length,
    "window": window,
}


def full_batch(n_users: int, length: int, n_items: int) -> Piece:
    """Full histories of random items, each followed by another."""
    drawn = torch.randint(1, n_items + 1, (n_users, length + 1))
    lengths, positions = torch.full((n_users,), length), torch.arange(n_users * length)
    inputs, targets = drawn[:, :-1].contiguous(), drawn[:, 1:].contiguous()
    return Piece(torch.arange(n_users), inputs, lengths, targets, positions)


def _training_steps(model: Encoder, batch: Piece, n_items: int) -> Point:
    """Seconds a step of Adam on the full softmax, and the memory above the model's."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    memory = Memory()

    @fast_products("cpu", len(batch.positions))
    def step() -> None:
        states = model(batch.items, batch.lengths).flatten(0, 1)[batch.positions]
        loss = ce(states, model.item_vectors(), batch.targets.flatten()[batch.positions])
        (loss / len(batch.positions)).backward()
        optimizer.step()
        optimizer.zero_grad()

    taken = [timed(step) for _ in range(STEPS)]
    weights = sum(weight.numel() for weight in model.parameters()) * 4 / MIB
    return {"seconds": median(taken[1:]), "weights_mib": weights} | memory.summary()


def _in_a_child(n: int, file: Path) -> None:
    """Write the log in another process, so that its memory is not counted here."""
    command = [sys.executable, "-m", "benchmarks.workers.growth_point", "write", str(n), str(file)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    axis, size, *target = sys.argv[1:]
    if axis == "write":
        write_interactions(int(size), Path(target[0]))
    else:
        torch.manual_seed(0)
        print(json.dumps(AXES[axis](int(size))))
