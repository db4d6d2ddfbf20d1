"""Products of float32 matrices by oneDNN, on processors that PyTorch's other library holds back.

On a CPU PyTorch leaves them to MKL, which on AMD's processors takes half the width of AVX-512. oneDNN
takes all of it, but PyTorch asks it only where it is told that bfloat16 would do ("medium"). Without
matrix units of their own (AMX) CPUs gain nothing from bfloat16 there, and oneDNN goes on in float32. A
product that bfloat16 would get wrong shows whether it does; if not, nothing is changed.

On one core of an AMD EPYC of 2024 (Zen 5) a product (20000, 64) x (64, 64) runs at 204 instead of 91
GFLOP/s, one (2048, 64) x (64, 3416) at 222 instead of 92 (2026-11-25, PyTorch 2.13.0).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from miqrec.environment import processor


@contextmanager
def fast_products(device: torch.device | str) -> Iterator[None]:
    """Within it, float32 products on a CPU go the faster way; rounding is float32's either way.

    A precision that was chosen before by `torch.set_float32_matmul_precision` is left as it is, and
    so is everything on another device than a CPU.
    """
    if (
        torch.device(device).type != "cpu"
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
