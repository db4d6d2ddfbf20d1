"""Training steps with the full softmax, whose memory is counted above the process with its model.

PYTHONPATH=src python -m benchmarks.memory.softmax_steps 54542 128 50     # items, histories, their length
"""

import json
import sys

import torch

from benchmarks.machine.clock import timed
from benchmarks.machine.memory import MIB, largest, resident
from benchmarks.steps.full_softmax import full_batch, full_softmax
from miqrec.models.configs.sasrec import SASRecConfig
from miqrec.models.registry import build_model
from miqrec.system.matmul import fast_products

STEPS = 2


def main(n_items: int, n_users: int, length: int) -> dict[str, float]:
    """Build the model with its gradients and Adam's moments, then train; all memory is in MiB."""
    model = build_model(SASRecConfig(max_length=length), n_items)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    optimizer.step()
    start = resident()
    batch = full_batch(n_users, length, n_items)

    @fast_products("cpu")
    def step() -> None:
        optimizer.zero_grad(set_to_none=False)
        loss = full_softmax(model(batch.items, batch.lengths), model, batch)
        (loss / len(batch.positions)).backward()
        optimizer.step()

    seconds = [timed(step) for _ in range(STEPS)][-1]
    weights = (
        4 * 4 * sum(weight.numel() for weight in model.parameters())
    )  # weights, gradients, two moments
    return {
        "peak_mib": largest() / MIB,
        "above_model_mib": (largest() - start) / MIB,
        "model_mib": weights / MIB,
        "seconds": seconds,
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    print(json.dumps(main(*map(int, sys.argv[1:]))))
