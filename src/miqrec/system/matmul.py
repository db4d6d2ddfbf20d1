"""Products of float32 matrices by oneDNN, on processors that PyTorch's other library holds back.

On a CPU PyTorch leaves products to MKL, which uses half the width of AVX-512 on AMD's processors. oneDNN
uses all of it, but PyTorch takes it only where it was told that the precision of bfloat16 would do
("medium"). On CPUs without matrix units of their own (AMX) bfloat16 gains nothing, so there oneDNN goes on
in float32. A product that bfloat16 would get wrong shows whether it does; if not, nothing is changed.

Measured on 2026-11-25 with PyTorch 2.13.0, in GFLOP/s on one core of an AMD EPYC:

| product                | of 2024 (Zen 5), oneDNN | MKL | of 2022 (Zen 4), oneDNN | MKL |
|------------------------|-------------------------|-----|-------------------------|-----|
| (20000, 64) x (64, 64) | 204                     | 91  | 100                     | 58  |
| (2048, 64) x (64, 3416)| 222                     | 92  | 90                      | 60  |

oneDNN compiles a product anew for every shape, which takes a third of a millisecond on the first of the
two, and an encoder meets new shapes at every step: an epoch of SASRec on Beauty with bce, 770 positions a
step, takes 9 s with oneDNN and 5 s with MKL. So scores and the full softmax, whose shapes come back, always
use oneDNN, and encoders do where steps are large.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, get_ident

import torch

from miqrec.system.processor import processor

LARGE_STEP = 10_000
"""Positions of a step whose products are worth compiling for it alone; with ML-1M's 20,000 it is a draw."""


@contextmanager
def fast_products(
    device: torch.device | str, positions_per_step: float = math.inf
) -> Iterator[None]:
    """Compute float32 products on a CPU the faster way; either way they are rounded as float32 is.

    A precision that the caller chose by `torch.set_float32_matmul_precision` stays, and so does
    everything on another device than a CPU, and what `torch.compile` or `torch.export` traces.

    The setting is PyTorch's, one for the whole process: it lasts while any thread is in here, and
    the products of the other threads may then differ in the last digit from those of a thread that
    is alone.

    Args:
        device: Where the products are computed.
        positions_per_step: For what has other shapes at every step, how many positions a step has.
    """
    if (
        torch.compiler.is_compiling()
        or torch.device(device).type != "cpu"
        or positions_per_step < LARGE_STEP
    ):
        yield
        return
    with _turn:
        entered = bool(_inside) or _can_be_faster()
        if entered:
            _inside.append(get_ident())
            torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        if entered:
            _leave()


_turn = Lock()
_inside: list[int] = []  # the threads that are within `fast_products`, as often as they are


def _leave() -> None:
    with _turn:
        _inside.pop()
        if not _inside:
            torch.set_float32_matmul_precision("highest")


def _can_be_faster() -> bool:
    """Whether nobody has chosen a precision, and oneDNN's products are faster and as exact."""
    return torch.get_float32_matmul_precision() == "highest" and _are_faster_by_onednn()


@cache
def _are_faster_by_onednn() -> bool:
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return "AMD" in processor() and wide and available and _stay_float32()


def _stay_float32() -> bool:
    """Whether a product keeps what bfloat16 has no bits for, where bfloat16 is allowed."""
    left = torch.full((2, 512, 64), 1 + 2**-12)  # as large as the products that oneDNN is given
    right = torch.ones(2, 64, 256)
    torch.set_float32_matmul_precision("medium")
    try:
        products = left @ right, left[0] @ right[0]
    finally:
        torch.set_float32_matmul_precision("highest")
    return all((product == 64 * (1 + 2**-12)).all() for product in products)
