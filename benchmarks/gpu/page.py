"""The results on a GPU as a table in Markdown."""

import argparse
from collections.abc import Iterator

import torch

from benchmarks.gpu.checks import ALLOWED
from benchmarks.gpu.timing import Row, training_examples
from benchmarks.machine.limits import limits
from miqrec.data.histories import Histories

HEADING = [
    *("model", "precision", "step", "of SASRec's", "epoch", "targets/s", "evaluation"),
    *("peak", "attention"),
]


def page(rows: list[Row], train: Histories, options: argparse.Namespace) -> str:
    """Write the table, below a sentence about the machine, the data and the machine's rates."""
    targets = training_examples(train, 30 if options.quick else 200).n_targets
    lines = [HEADING, ["---"] * len(HEADING), *cells(rows, targets)]
    table = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([about(train, targets, options), "", *table]) + "\n"


def about(train: Histories, targets: int, options: argparse.Namespace) -> str:
    """Name the device, the versions, the sizes and the rates that the device reaches."""
    name = torch.cuda.get_device_name() if options.device == "cuda" else options.device
    rates = limits(0.1, options.device)
    best = {kind: max(rates[kind].values()) / 1e12 for kind in ALLOWED}
    return (
        f"{name}, PyTorch {torch.__version__}, {train.n_users:,} users, {train.n_items:,} items, "
        f"{targets:,} targets an epoch, batches of 128, {options.data or 'made-up histories'}"
        f"{', compiled' * options.compile}; "
        f"products of matrices {best['float32']:.1f} TFLOP/s in float32, {best['bfloat16']:.1f} in "
        f"bfloat16; copies {rates['copy'] / 1e9:,.0f} GB/s"
    )


def cells(rows: list[Row], targets: int) -> Iterator[list[str]]:
    """Yield a line of the table for each model and precision."""
    sasrec = {row.precision: row.step for row in rows if row.model == "SASRec"}
    for row in rows:
        yield [
            *(row.model, row.precision, f"{row.step * 1e3:.1f} ms"),
            f"{row.step / sasrec[row.precision]:.2f}",
            *(f"{row.epoch:.2f} s", f"{targets / row.epoch:,.0f}", f"{row.evaluation:.2f} s"),
            *(f"{row.peak_mib:,.0f} MiB", row.kernels),
        ]
