"""How often this machine slows down what does the same small sum over and over.

    python -m benchmarks.machine.stalls [SECONDS]

A hundred times a second an array that fits into the processor's cache is summed for a few milliseconds.
Nothing else happens, so what takes many times the median was slowed by the machine, such as a virtual
one whose host has other guests. No service there can promise a p99 below this script's.
"""

import sys
from time import perf_counter, sleep

import numpy as np

RATE = 100
"""Sums a second."""
SIZE, REPEATS = 2**14, 400
"""An array of 128 KiB, and how often it is summed each time."""


def main(seconds: float) -> None:
    """Print the percentiles, and when the sums took more than three times the median."""
    values, start = np.ones(SIZE), perf_counter()
    times = []
    for number in range(int(seconds * RATE)):
        sleep(max(0.0, start + number / RATE - perf_counter()))
        began = perf_counter()
        for _ in range(REPEATS):
            values.sum()
        times.append((began - start, 1000 * (perf_counter() - began)))
    ordered = sorted(took for _, took in times)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    slow = [f"{at:.2f}" for at, took in times if took > 3 * p50]
    print(f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {ordered[-1]:.1f} ms; slow at (s):", *slow)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
