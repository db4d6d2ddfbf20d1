"""One point of a growth curve, in a process of its own so that its peak memory is its own.

PYTHONPATH=src python -m benchmarks.growth.point items 100000
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from benchmarks.machine.clock import timed
from benchmarks.machine.memory import MIB, Memory
from benchmarks.steps.full_softmax import full_batch, full_softmax
from miqrec.data.batches.training import Piece, TrainingExamples, training_loader
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.encoder import Encoder
from miqrec.models.registry import build_model
from miqrec.system.matmul import fast_products

STEPS = 4
"""Training steps of a point; the first is a warm-up, and the median of the others counts."""

Point = dict[str, float]


def interactions(n: int) -> Point:
    """Time preparing n interactions from Parquet, and going through the batches of an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "interactions.parquet"
        _write_log(n, file)
        memory, began = Memory(), time.perf_counter()
        dataset = open_dataset(DataConfig(source=str(file)))
        prepared = time.perf_counter() - began
    examples = TrainingExamples(split(dataset, SplitConfig()).train, 200)
    began = time.perf_counter()
    for _ in training_loader(examples, 128, seed=0):
        pass
    batches = time.perf_counter() - began
    return {"seconds": prepared, "batches_seconds": batches} | memory.summary()


def items(n: int) -> Point:
    """Time SASRec with the full softmax over n items, on 32 histories of 50."""
    return _training_steps(build_model(SASRecConfig(max_length=50), n), full_batch(32, 50, n))


def length(n: int) -> Point:
    """Time SASRec on 16 histories of length n, with 10,000 items in the catalogue."""
    model = build_model(SASRecConfig(max_length=n), 10_000)
    return _training_steps(model, full_batch(16, n, 10_000))


def window(n: int) -> Point:
    """Time MIQ-SASRec with a window of n on 32 histories of 200, with 3,416 items in the catalogue."""
    config = MIQSASRecConfig(window=n, max_length=200)
    return _training_steps(build_model(config, 3416), full_batch(32, 200, 3416))


MEASURED: dict[str, Callable[[int], Point]] = {
    "interactions": interactions,
    "items": items,
    "length": length,
    "window": window,
}


def _training_steps(model: Encoder, batch: Piece) -> Point:
    """Time a training step with the full softmax and Adam; the memory counts from the made model on."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    memory = Memory()

    @fast_products("cpu", len(batch.positions))
    def step() -> None:
        loss = full_softmax(model(batch.items, batch.lengths), model, batch)
        (loss / len(batch.positions)).backward()
        optimizer.step()
        optimizer.zero_grad()

    taken = [timed(step) for _ in range(STEPS)]
    weights = sum(weight.numel() for weight in model.parameters()) * 4 / MIB
    return {"seconds": median(taken[1:]), "weights_mib": weights} | memory.summary()


def _write_log(n: int, file: Path) -> None:
    """Write the log in another process, whose memory is not counted here."""
    subprocess.run([sys.executable, "-m", "benchmarks.growth.log", str(n), str(file)], check=True)


if __name__ == "__main__":
    axis, size = sys.argv[1:]
    torch.manual_seed(0)
    print(json.dumps(MEASURED[axis](int(size))))
