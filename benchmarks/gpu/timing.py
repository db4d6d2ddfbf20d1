"""Times a model's training steps, an epoch with its loading, and an evaluation."""

import argparse
import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from benchmarks.gpu.histories import LeftOut
from benchmarks.gpu.kernels import profile
from benchmarks.machine.clock import median_seconds
from benchmarks.steps.full_softmax import full_softmax
from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.batches.training import Piece, TrainingExamples, training_loader
from miqrec.data.histories import Histories, Questions
from miqrec.evaluation.ranking import ranks
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.encoder import Encoder
from miqrec.models.registry import build_model


class Row(NamedTuple):
    """What was measured of one model in one precision; times are in seconds."""

    model: str
    precision: str
    step: float
    epoch: float
    evaluation: float
    peak_mib: float
    kernels: str


def measure(data: LeftOut, window: int, precision: str, options: argparse.Namespace) -> Row:
    """Time a model's steps, an epoch with its loading, and an evaluation."""
    model = make_model(data.train.n_items, window, options)
    examples = training_examples(data.train, model.max_length)
    loader = training_loader(examples, 128, seed=0)
    step = make_step(model, precision, examples.n_targets / len(loader), options)
    batches = [move(batch, options.device) for (batch,) in loader]
    reset_peak()
    step_seconds = epoch_seconds(step, lambda: batches) / len(batches)
    epoch = epoch_seconds(step, lambda: (move(batch, options.device) for (batch,) in loader))
    peak = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    kernels = profile(lambda: step(batches[0]), options.device)
    evaluation = median_seconds(lambda: evaluate(model, data.test, options.device), 0)
    name = f"MIQ-SASRec, window {window}" if window > 1 else "SASRec"
    return Row(name, precision, step_seconds, epoch, evaluation, peak, kernels)


def make_model(n_items: int, window: int, options: argparse.Namespace) -> Encoder:
    """Build SASRec, or MIQ-SASRec for a window above 1."""
    sizes = {"dim": 16, "max_length": 30} if options.quick else {"dim": 64, "max_length": 200}
    config = MIQSASRecConfig(window=window, **sizes) if window > 1 else SASRecConfig(**sizes)
    torch.manual_seed(0)
    return build_model(config, n_items).to(options.device)


def training_examples(train: Histories, max_length: int) -> TrainingExamples:
    """Return the training examples, whose batches stay in one piece."""
    return TrainingExamples(train, max_length, worth=math.inf)


def make_step(
    model: Encoder, precision: str, targets: float, options: argparse.Namespace
) -> Callable[[Piece], None]:
    """Return a training step such as miqrec's own: the full softmax at every position, and Adam."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), fused=True)
    encode = torch.compile(model, dynamic=True) if options.compile else model

    def step(batch: Piece) -> None:
        with torch.autocast(options.device, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = full_softmax(encode(batch.items, batch.lengths), model, batch)
        (loss / targets).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def epoch_seconds(step: Callable[[Piece], None], batches: Callable[[], object]) -> float:
    """Return the median seconds of going through the batches without waiting in between."""

    def epoch() -> None:
        for batch in batches():
            step(batch)

    return median_seconds(epoch, 1.0)


def move(batch: Piece, device: str) -> Piece:
    """Move a batch to the device; it is copied while the device computes."""
    if device == "cpu":
        return batch
    return Piece(*(tensor.pin_memory().to(device, non_blocking=True) for tensor in batch))


@torch.inference_mode()
def evaluate(model: Encoder, test: Questions, device: str) -> None:
    """Rank every user's test item among all items, in float32."""
    model.eval()
    examples = EvaluationExamples(test, model.max_length)
    for batch in evaluation_loader(examples, 256):
        moved = EvaluationBatch(*(tensor.to(device) for tensor in batch))
        scores = model.scores(moved.items, moved.lengths)
        ranks(scores, moved.targets, (moved.seen_rows, moved.seen_items))
    model.train()


def reset_peak() -> None:
    """Forget how much of the GPU's memory was held at most."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
