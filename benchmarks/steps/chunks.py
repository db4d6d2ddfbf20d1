"""Times the full softmax and its gradients by the size of its chunks.

PYTHONPATH=src python -m benchmarks.steps.chunks [--device cpu]
"""

import argparse

import torch
import torch.nn.functional as F

from benchmarks.machine.clock import median_seconds
from miqrec.training import full_softmax, losses

D, N_TARGETS = 64, {"cuda": 13_500, "cpu": 2_000}
N_ITEMS = (3_416, 12_101, 100_000)
EXPONENTS = (19, 21, 23, 25, 26, 28)


def main() -> None:
    """Print a row of milliseconds for each catalogue and precision."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=N_TARGETS)
    device = parser.parse_args().device
    print(
        "| items | precision |", " | ".join(f"2^{n}" for n in EXPONENTS), "| all scores at once |"
    )
    print("|---" * (len(EXPONENTS) + 3) + "|")
    for n_items in N_ITEMS:
        for reduced in (False, True):
            row = " | ".join(f"{1e3 * seconds:.1f}" for seconds in times(n_items, reduced, device))
            print(f"| {n_items:,} | {'bf16' if reduced else 'float32'} | {row} |", flush=True)


def times(n_items: int, reduced: bool, device: str) -> list[float]:
    """Return the seconds for each size of chunk, and last those of PyTorch's own loss on all scores."""
    torch.manual_seed(0)
    states = torch.randn(N_TARGETS[device], D, device=device, requires_grad=True)
    vectors = torch.randn(n_items + 1, D, device=device).mul_(0.1).requires_grad_()
    targets = torch.randint(1, n_items + 1, (len(states),), device=device)

    def step(chunk: int | None) -> None:
        full_softmax.CHUNK = full_softmax.CHUNK_OFF_CPU = chunk or 0
        with torch.autocast(device, torch.bfloat16, enabled=reduced):
            if chunk:
                loss = losses.ce(states, vectors, targets)
            else:
                loss = F.cross_entropy(states @ vectors[1:].T, targets - 1, reduction="sum")
        loss.backward()

    chunks = [*(2**exponent for exponent in EXPONENTS), None]
    return [median_seconds(lambda chunk=chunk: step(chunk), 0.5) for chunk in chunks]


if __name__ == "__main__":
    main()
