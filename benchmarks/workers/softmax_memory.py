"""The memory of training steps with the full softmax, above the process with its model.

python -m benchmarks.workers.softmax_memory 54542 128 50     # items, histories, their length
"""

import json
import sys

import torch

from benchmarks.limits import timed
from benchmarks.workers.growth_point import full_batch
from benchmarks.workers.measure import MIB, largest, resident
from miqrec.models.registry import build_model
from miqrec.models.sasrec import SASRecConfig
from miqrec.system.matmul import fast_products
from miqrec.training.losses import ce

STEPS = 2


def main(n_items: int, n_users: int, length: int) -> dict[str, float]:
    """Build the model with all that Adam keeps of it, then train; all memory in MiB."""
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
        states = model(batch.items, batch.lengths).flatten(0, 1)[batch.positions]
        loss = ce(states, model.item_vectors(), batch.targets.flatten()[batch.positions])
        (loss / len(batch.positions)).backward()
        optimizer.step()

    seconds = [timed(step) for _ in range(STEPS)][-1]
    weights = 4 * 4 * sum(weight.numel() for weight in model.parameters())  # and gradient, moments
    return {
        "peak_mib": largest() / MIB,
        "above_model_mib": (largest() - start) / MIB,
        "model_mib": weights / MIB,
        "seconds": seconds,
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    print(json.dumps(main(*map(int, sys.argv[1:]))))
