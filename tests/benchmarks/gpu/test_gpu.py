"""The GPU's script: what it needs, and that its checks can fail."""

import subprocess
import sys
from pathlib import Path

import torch
from benchmarks.gpu.cases import Case, Layer
from benchmarks.gpu.checks import ALLOWED, errors
from benchmarks.gpu.kernels import named
from torch import Tensor, nn

from miqrec.nn.attention import MultiItemQueryAttention

ROOT = Path(__file__).parents[3]
ABSENT = ("polars", "pyarrow", "lightning", "narwhals", "pooch", "rich", "typer", "safetensors")


def test_it_needs_torch_numpy_and_pydantic_alone() -> None:
    hidden = "; ".join(f"sys.modules[{name!r}] = None" for name in ABSENT)
    command = [sys.executable, "-c", f"import sys; {hidden}; import benchmarks.gpu.__main__"]
    finished = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "src"}, check=False)
    assert finished.returncode == 0


class WrongOnceCast(nn.Module):
    """Right in float64, off by a hundredth in every other precision."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, *, lengths: Tensor) -> Tensor:
        out: Tensor = self.layer(x, lengths=lengths)
        return out if out.dtype == torch.float64 else out * 1.01


def test_the_checks_pass_what_is_right_and_stop_what_is_off_by_a_hundredth() -> None:
    layer, lengths = MultiItemQueryAttention(64, 2, 3), torch.tensor([60, 5])
    given = (torch.randn(2, 60, 64), lengths)
    right = errors(Case("right", Layer(layer, block=False), given), "cpu", "float32")
    assert all(a <= b for a, b in zip(right, ALLOWED["float32"], strict=True))
    wrong = errors(Case("wrong", Layer(WrongOnceCast(layer), block=False), given), "cpu", "float32")
    assert all(a > b for a, b in zip(wrong, ALLOWED["float32"], strict=True))


def test_kernels_are_known_by_their_operators() -> None:
    seen = ["aten::mm", "aten::_scaled_dot_product_flash_attention_backward"]
    assert list(named(iter(seen))) == ["flash"]
    assert list(named(iter(["aten::_scaled_dot_product_attention_math"]))) == ["math"]
