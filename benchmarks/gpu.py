"""All that is asked of a GPU, in one go: correct first, then fast, and by which kernels.

    PYTHONPATH=src python -m benchmarks.gpu [--data ml-1m.txt.gz] [--out DIRECTORY] [--compile]
    python -m benchmarks.gpu --device cpu --quick        # tiny: does this script work?

Needs PyTorch, NumPy and pydantic, nothing else. Stops if outputs or gradients are too far from those
of the CPU in float64. Without the data the histories are made up, with the lengths that ML-1M's have.
The table, in Markdown, is printed last; `--out` gets it as gpu.md.
"""

import argparse
import gzip
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.gpu_checks import ALLOWED, cases, errors
from benchmarks.limits import limits, median_seconds
from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.batches.training import Piece, TrainingExamples, training_loader
from miqrec.data.histories import Histories, Questions
from miqrec.evaluation.ranking import ranks
from miqrec.models.encoder import Encoder
from miqrec.models.registry import build_model
from miqrec.models.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.training.losses import ce

N_USERS, N_ITEMS = 6040, 3416
KERNELS = {
    "_scaled_dot_product_flash_attention": "flash",
    "_scaled_dot_product_efficient_attention": "efficient",
    "_scaled_dot_product_cudnn_attention": "cuDNN",
    "_scaled_dot_product_attention_math": "math",
    "flex_attention": "flex",
}


class Row(NamedTuple):
    """What was measured of one model in one precision."""

    model: str
    precision: str
    step: float
    epoch: float
    evaluation: float
    peak_mib: float
    kernels: str


def main() -> None:
    """Check, measure, profile, and print the table."""
    options = parse()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if not check(options.device):
        sys.exit("results are too far from float64 on the CPU: nothing was timed")
    data = histories(options)
    rows = []
    for window in (1, 5, 10):
        for precision in ALLOWED:
            rows.append(measure(data, window, precision, options))
            print(rows[-1], flush=True)
    page = table(rows, data, options)
    print(page)
    if options.out:
        (options.out / "gpu.md").write_text(page)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--data", type=Path, help="a file of `user item` lines, gzipped or not")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--compile", action="store_true", help="torch.compile the encoder")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def check(device: str) -> bool:
    """Print the errors of all cases; whether all are small enough."""
    passed = True
    print(
        "| errors | float32 output | gradient | distance | bfloat16 output | gradient | distance |"
    )
    print("|---|---|---|---|---|---|---|")
    for case in cases():
        found = {precision: errors(case, device, precision) for precision in ALLOWED}
        numbers = " | ".join(f"{error:.1e}" for pair in found.values() for error in pair)
        print(f"| {case.name} | {numbers} |", flush=True)
        for precision, bounds in ALLOWED.items():
            passed &= all(a <= b for a, b in zip(found[precision], bounds, strict=True))
    return passed


class LeftOut(NamedTuple):
    """What is trained on, and what is asked at the end."""

    train: Histories
    test: Questions


def histories(options: argparse.Namespace) -> LeftOut:
    """The data set of the file, or one made up in its likeness."""
    if options.data:
        opened = gzip.open if options.data.suffix == ".gz" else open
        with opened(options.data, "rt") as lines:
            users, items = np.loadtxt(lines, dtype=np.int64).T
        lengths = np.bincount(users)[1:]
        items = items[np.argsort(users, kind="stable")].astype(np.int32)
        return left_out(items, lengths, int(items.max()))
    generator = np.random.default_rng(0)
    n_users = 80 if options.quick else N_USERS
    lengths = generator.lognormal(np.log(96), 1.03, n_users).clip(18, 2277).astype(np.int64)
    items = generator.integers(1, N_ITEMS + 1, lengths.sum(), dtype=np.int32)
    return left_out(items, lengths, N_ITEMS)


def left_out(items: np.ndarray, lengths: np.ndarray, n_items: int) -> LeftOut:
    """Leave each user's last item out for test and the one before it for validation."""
    stops = lengths.cumsum()
    users, starts = np.arange(len(lengths)), stops - lengths
    train = Histories(items, users, starts, stops - 2, n_items, len(lengths))
    test = Questions(
        *(items, users, starts, stops - 1, n_items, len(lengths)), targets=items[stops - 1]
    )
    return LeftOut(train, test)


def measure(data: LeftOut, window: int, precision: str, options: argparse.Namespace) -> Row:
    """Time steps, an epoch with its loading, and an evaluation."""
    sizes = {"dim": 16, "max_length": 30} if options.quick else {"dim": 64, "max_length": 200}
    config = MIQSASRecConfig(window=window, **sizes) if window > 1 else SASRecConfig(**sizes)
    torch.manual_seed(0)
    model = build_model(config, data.train.n_items).to(options.device)
    examples = TrainingExamples(data.train, config.max_length, worth=math.inf)  # in one piece
    loader = training_loader(examples, 128, seed=0)
    step = make_step(model, precision, examples.n_targets / len(loader), options)
    batches = [move(batch, options.device) for (batch,) in loader]
    reset_peak()
    step_seconds = epoch_seconds(step, lambda: batches) / len(batches)
    epoch = epoch_seconds(step, lambda: (move(batch, options.device) for (batch,) in loader))
    peak = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    kernels = profile(step, batches[0], options.device)
    evaluation = median_seconds(lambda: evaluate(model, data, options.device), 0)
    name = f"MIQ-SASRec, window {window}" if window > 1 else "SASRec"
    return Row(name, precision, step_seconds, epoch, evaluation, peak, kernels)


def make_step(
    model: Encoder, precision: str, targets: float, options: argparse.Namespace
) -> Callable[[Piece], None]:
    """A step of training as miqrec's own: the full softmax at every position, and Adam."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), fused=True)
    encode = torch.compile(model, dynamic=True) if options.compile else model

    def step(batch: Piece) -> None:
        with torch.autocast(options.device, torch.bfloat16, enabled=precision == "bfloat16"):
            states = encode(batch.items, batch.lengths).flatten(0, 1)[batch.positions]
            loss = ce(states, model.item_vectors(), batch.targets.flatten()[batch.positions])
        (loss / targets).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def epoch_seconds(step: Callable[[Piece], None], batches: Callable[[], object]) -> float:
    """The median seconds of going through the batches, with no waiting in between; one is a warm-up."""

    def epoch() -> None:
        for batch in batches():
            step(batch)

    return median_seconds(epoch, 1.0)


def move(batch: Piece, device: str) -> Piece:
    """The batch on the device, copied while it computes."""
    if device == "cpu":
        return batch
    return Piece(*(tensor.pin_memory().to(device, non_blocking=True) for tensor in batch))


@torch.inference_mode()
def evaluate(model: Encoder, data: LeftOut, device: str) -> None:
    """Rank every user's test item among all, in float32."""
    model.eval()
    examples = EvaluationExamples(data.test, model.max_length)
    for batch in evaluation_loader(examples, 256):
        moved = EvaluationBatch(*(tensor.to(device) for tensor in batch))
        scores = model.scores(moved.items, moved.lengths)
        ranks(scores, moved.targets, (moved.seen_rows, moved.seen_items))
    model.train()


def profile(step: Callable[[Piece], None], batch: Piece, device: str) -> str:
    """Which attention kernels ran in a step; prints where its time went."""
    with torch.profiler.profile() as seen:
        step(batch)
    found = seen.key_averages()
    column = "self_cuda_time_total" if device == "cuda" else "self_cpu_time_total"
    print(found.table(sort_by=column, row_limit=12, max_name_column_width=70))
    return ", ".join(sorted(set(named(event.key for event in found)))) or "none seen"


def named(operators: Iterator[str]) -> Iterator[str]:
    """The attention kernels among the operators."""
    for operator in operators:
        yield from (name for part, name in KERNELS.items() if part in operator)


def reset_peak() -> None:
    """Forget the most memory that was held."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def table(rows: list[Row], data: LeftOut, options: argparse.Namespace) -> str:
    """The results in Markdown."""
    targets = TrainingExamples(data.train, 30 if options.quick else 200).n_targets
    name = torch.cuda.get_device_name() if options.device == "cuda" else options.device
    rates = limits(0.1, options.device)
    best = {kind: max(rates[kind].values()) / 1e12 for kind in ALLOWED}
    plain = {row.precision: row.step for row in rows if row.model == "SASRec"}
    lines = [
        f"{name}, PyTorch {torch.__version__}, {data.train.n_users:,} users, {data.train.n_items:,} items, "
        f"{targets:,} targets an epoch, batches of 128, {options.data or 'made-up histories'}"
        f"{', compiled' * options.compile}; "
        f"products of matrices {best['float32']:.1f} TFLOP/s in float32, {best['bfloat16']:.1f} in "
        f"bfloat16; copies {rates['copy'] / 1e9:,.0f} GB/s",
        "",
        "| model | precision | step | of SASRec's | epoch | targets/s | evaluation | peak | attention |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    cells = (
        [
            *(row.model, row.precision, f"{row.step * 1e3:.1f} ms"),
            f"{row.step / plain[row.precision]:.2f}",
            *(f"{row.epoch:.2f} s", f"{targets / row.epoch:,.0f}", f"{row.evaluation:.2f} s"),
            *(f"{row.peak_mib:,.0f} MiB", row.kernels),
        ]
        for row in rows
    )
    lines += ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
