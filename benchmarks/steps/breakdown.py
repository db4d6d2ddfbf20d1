"""Where the time of training goes, by the kinds of operators that PyTorch's profiler sees.

    PYTHONPATH=src python -m benchmarks.steps.breakdown [--data ml-1m] [--steps 12]

The command prints a table in Markdown: the percentages of a step's time, for SASRec and MIQ-SASRec (window
10) in float32 and in bf16. An operator's time is its own, without that of the operators it calls; the
time that no operator accounts for is Python's.
"""

import argparse
import time
from collections import Counter

from miqrec.system.process import prepare

prepare()  # before PyTorch is loaded

import torch  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from benchmarks.steps.training_step import at_random, make_step  # noqa: E402

SIDES = {
    f"{name}, {label}": (window, precision)
    for name, window in (("SASRec", 1), ("MIQ-SASRec 10", 10))
    for label, precision in (("float32", "32-true"), ("bf16", "bf16-mixed"))
}
KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "linear"),
    "PyTorch's attention kernel": ("_scaled_dot_product",),
    "softmax and logarithms": ("_softmax", "_log_softmax", "exp", "log", "sum", "logsumexp", "amax"),
    "layer norms": ("native_layer_norm",),
    "copies, casts and memory": ("copy", "cat", "clone", "fill", "zero", "empty", "_to_copy", "resize"),
    "other element-wise work": (
        *("add", "sub", "mul", "div", "neg", "relu", "threshold", "clamp", "where", "sigmoid"),
        *("bitwise", "random", "bernoulli", "ge", "gt", "lt", "le", "eq", "masked", "mean", "tri"),
    ),
    "look-ups by index": ("index", "embedding", "gather", "scatter", "select", "nonzero"),
    "Adam": ("_fused_adam",),
}  # fmt: skip
"""Kinds of operators by the beginnings of their names; the longest that fits decides."""
REST = "the rest, Python among it"


def kind(operator: str) -> str:
    """Return the kind of an operator such as `aten::addmm`."""
    name = operator.removeprefix("aten::")
    fits = [
        (len(start), kind)
        for kind, starts in KINDS.items()
        for start in starts
        if name.startswith(start)
    ]
    return max(fits)[1] if fits else REST


def shares(data: str, window: int, precision: str, steps: int) -> dict[str, float]:
    """Return the percentage of the time that each kind takes, over some steps that were run once before."""
    examples, step = make_step(data, window, precision)
    batches = at_random(examples, steps)
    for users in batches:
        step(users)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        start = time.perf_counter()
        for users in batches:
            step(users)
        seconds = time.perf_counter() - start
    taken = Counter[str]()
    for event in profiler.key_averages():
        taken[kind(event.key)] += event.self_cpu_time_total / 1e6
    taken[REST] += seconds - taken.total()
    return {name: 100 * taken[name] / seconds for name in (*KINDS, REST)}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Where the time of training goes.")
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    columns = [shares(options.data, *side, options.steps) for side in SIDES.values()]
    print(f"| percent of a step | {' | '.join(SIDES)} |\n|---|{'---|' * len(SIDES)}")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(f'{column[name]:.0f}' for column in columns)} |")


if __name__ == "__main__":
    main()
