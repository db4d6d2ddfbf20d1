"""Both layers in data-parallel training, whose processes wait for the gradient of every parameter."""

from functools import partial

import pytest
import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention

LAYERS = {
    "one query": partial(CausalSelfAttention, 8, 2),
    "two queries": partial(MultiItemQueryAttention, 8, 2, 2),  # d_1 is the only dummy item
    "three queries": partial(MultiItemQueryAttention, 8, 2, 3),
}
STEPS = 3


def batch(rank: int) -> torch.Tensor:
    return torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(rank))


def train(layer: torch.nn.Module, batches: list[torch.Tensor]) -> None:
    """The loss is the mean of the batches' sums; DDP averages over the processes."""
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        (sum((layer(x) ** 2).sum() for x in batches) / len(batches)).backward()
        optimizer.step()


def process(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    for name, build in LAYERS.items():
        torch.manual_seed(0)
        layer = build()
        train(DistributedDataParallel(layer), [batch(rank)])
        torch.save(layer.state_dict(), f"{folder}/{name}-{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.skipif(not distributed.is_available(), reason="PyTorch was built without it")
def test_two_processes_train_as_one_does_on_both_batches(tmp_path):
    multiprocessing.spawn(process, (str(tmp_path),), nprocs=2)
    for name, build in LAYERS.items():
        torch.manual_seed(0)
        layer = build()
        train(layer, [batch(0), batch(1)])
        for rank in (0, 1):
            weights = torch.load(tmp_path / f"{name}-{rank}.pt")
            torch.testing.assert_close(weights, dict(layer.state_dict()))
