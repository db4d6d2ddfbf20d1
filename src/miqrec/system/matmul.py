"""Products of float32 matrices by oneDNN, on processors that PyTorch's other library holds back.

On a CPU PyTorch leaves them to MKL, which on AMD's processors takes half the width of AVX-512. oneDNN
takes all of it, but PyTorch asks it only where it is told that bfloat16 would do ("medium"). Without
matrix units of their own (AMX) CPUs gain nothing from bfloat16 there, and oneDNN goes on in float32. A
product that bfloat16 would get wrong shows whether it does; if not, nothing is changed.

On one core of an AMD EPYC of 2024 (Zen 5) a product (20000, 64) x (64, 64) runs at 204 instead of 91
GFLOP/s, one (2048, 64) x (64, 3416) at 222 instead of 92; on one of 2022 (Zen 4) at 100 instead of 58
and 90 instead of 60 (2026-11-25, PyTorch 2.13.0). But oneDNN compiles a product anew for every shape, in a
third of a millisecond there, and an encoder meets new ones at every step: an epoch of SASRec on Beauty
with bce, 770 positions a step, takes 9 s by it and 5 s by MKL. So scores and the full softmax, whose shapes
come back, go by it always, encoders where steps are large.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from miqrec.system.environment import processor

LARGE_STEP = 10_000
"""Positions of a step whose products are worth compiling for it alone; with ML-1M's 20,000 it is a draw."""


@contextmanager
def fast_products(
    device: torch.device | str, positions_per_step: float = math.inf
) -> Iterator[None]:
    """Within it, float32 products on a CPU go the faster way; rounding is float32's either way.

    A precision that was chosen before by `torch.set_float32_matmul_precision` is left as it is, and
    so is everything on another device than a CPU, and what `torch.compile` or `torch.export` traces.

    Args:
        device: where the products are.
        positions_per_step: of what has other shapes at every step, how many positions a step has.
    """
    if (
        torch.compiler.is_compiling()
        or torch.device(device).type != "cpu"
        or positions_per_step < LARGE_STEP
        or torch.get_float32_matmul_precision() != "highest"
        or not _are_faster_by_onednn()
    ):
        yield
        return
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")


@cache
def _are_faster_by_onednn() -> bool:
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return "AMD" in processor() and wide and available and _stay_float32()


def _stay_float32() -> bool:
    """Whether a product keeps what bfloat16 has no bits for, where bfloat16 is allowed."""
    left = torch.full((2, 512, 64), 1 + 2**-12)  # as large as products that oneDNN is asked for
    right = torch.ones(2, 64, 256)
    torch.set_float32_matmul_precision("medium")
    try:
        products = left @ right, left[0] @ right[0]
    finally:
        torch.set_float32_matmul_precision("highest")
    return all((product == 64 * (1 + 2**-12)).all() for product in products)
