"""Everything that is measured on a GPU, in one go: first whether results are right, then how fast they come.

    PYTHONPATH=src python -m benchmarks.gpu [--data ml-1m.txt.gz] [--out DIRECTORY] [--compile]
    PYTHONPATH=src python -m benchmarks.gpu --device cpu --quick        # tiny sizes, to see that it works

The command needs PyTorch, NumPy and pydantic, nothing else. It stops if outputs or gradients are too far
from those of the CPU in float64. Without `--data` the histories are made up, with the lengths that
ML-1M's have. The table, in Markdown, is printed last; `--out` gets it as gpu.md.
"""

import argparse
import sys
from pathlib import Path

import torch

from benchmarks.gpu.cases import cases
from benchmarks.gpu.checks import ALLOWED, errors
from benchmarks.gpu.histories import histories
from benchmarks.gpu.page import page
from benchmarks.gpu.timing import measure


def main() -> None:
    """Check, measure, profile, and print the table."""
    options = parse()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if not check(options.device):
        sys.exit("results are too far from float64 on the CPU: nothing was timed")
    data = histories(options.data, quick=options.quick)
    rows = []
    for window in (1, 5, 10):
        for precision in ALLOWED:
            rows.append(measure(data, window, precision, options))
            print(rows[-1], flush=True)
    text = page(rows, data.train, options)
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "gpu.md").write_text(text)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--data", type=Path, help="a file of `user item` lines, gzipped or not")
    parser.add_argument("--out", type=Path, help="the folder that gets gpu.md")
    parser.add_argument("--compile", action="store_true", help="torch.compile the encoder")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    return parser.parse_args()


def check(device: str) -> bool:
    """Print the errors of all cases, and return whether all are small enough."""
    passed = True
    kinds = " | ".join(f"{kind} output | gradient | distance" for kind in ALLOWED)
    print(f"| errors | {kinds} |\n|---|---|---|---|---|---|---|")
    for case in cases():
        measured = {precision: errors(case, device, precision) for precision in ALLOWED}
        numbers = " | ".join(f"{error:.1e}" for triple in measured.values() for error in triple)
        print(f"| {case.name} | {numbers} |", flush=True)
        for precision, bounds in ALLOWED.items():
            passed &= all(a <= b for a, b in zip(measured[precision], bounds, strict=True))
    return passed


if __name__ == "__main__":
    main()
