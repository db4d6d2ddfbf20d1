"""What this machine can do: matrix products in the shapes that training uses, and copies of memory.

PYTHONPATH=src python -m benchmarks.machine.limits [--threads 2]
"""

import argparse
import json
from typing import Any

import torch
from torch import Tensor

from benchmarks.machine.clock import median_seconds
from miqrec.system.matmul import fast_products

SECONDS = 0.5
"""Each product is repeated for so long, and the median counts."""

ROWS, DIM, LENGTH, HEADS = 128 * 163, 64, 200, 2
"""Positions of a batch on ML-1M, the model's width, the longest history, the number of heads."""

SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "square 2048": ((2048, 2048), (2048, 2048)),
    "projection": ((ROWS, DIM), (DIM, DIM)),
    "scores of 3,416 items": ((2048, DIM), (DIM, 3416)),
    "scores of 54,542 items": ((152, DIM), (DIM, 54542)),
    "gradient of 3,416 items": ((3416, 2048), (2048, DIM)),
    "pooling scores": ((ROWS, 10, DIM), (ROWS, DIM, 10)),
    "attention scores": ((128 * HEADS, LENGTH, DIM // HEADS), (128 * HEADS, DIM // HEADS, LENGTH)),
}
"""Left and right factors; shares of "the machine's rate" refer to the square product."""

COPIED = 2**28
"""Bytes of the array that is copied, far more than caches hold."""


def limits(seconds: float = SECONDS, device: str = "cpu") -> dict[str, Any]:
    """Measure all rates.

    Returns:
        `float32` and `bfloat16`: floating-point operations a second by name of the shape; `copy`:
        bytes a second, those read and those written both counted.
    """
    rates: dict[str, Any] = {}
    for dtype in (torch.float32, torch.bfloat16):
        with fast_products(device):
            rates[str(dtype).removeprefix("torch.")] = {
                name: product_rate(
                    *(torch.randn(shape, device=device).to(dtype) for shape in shapes), seconds
                )
                for name, shapes in SHAPES.items()
            }
    return rates | {"copy": copy_rate(seconds, device)}


def product_rate(left: Tensor, right: Tensor, seconds: float) -> float:
    """Return operations a second of `left @ right`; a multiplication and an addition are two."""
    out = left @ right
    operations = 2 * left.numel() * right.shape[-1]
    return operations / median_seconds(lambda: torch.matmul(left, right, out=out), seconds)


def copy_rate(seconds: float, device: str) -> float:
    """Return the bytes that a copy reads and writes in a second."""
    source = torch.ones(COPIED // 4, device=device)
    target = torch.empty_like(source)
    return 2 * COPIED / median_seconds(lambda: target.copy_(source), seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(json.dumps(limits(arguments.seconds)))
