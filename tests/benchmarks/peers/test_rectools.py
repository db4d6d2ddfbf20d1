"""RecTools' sides do the work that miqrec's does: as many targets an epoch, and the same loss."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from benchmarks.peers.environments import python_of
from benchmarks.peers.export import export
from benchmarks.peers.jobs import Job
from benchmarks.peers.sides import SIDES
from torch import Tensor, nn

from benchmarks.harness import processes

PYTHON = python_of("rectools")


@pytest.fixture
def rectools_flat(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The worker, with placeholders for what it imports of RecTools, which has its own environment."""
    names = dict.fromkeys(("FlatSASRecNet", "SequenceBatchDataset", "build_sequences"))
    monkeypatch.setitem(sys.modules, "rectools", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "rectools.fast_transformers", SimpleNamespace(**names))
    name = "benchmarks.peers.workers.rectools_flat"
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


class Net(nn.Module):
    """A network with the methods of `FlatSASRecNet` whose state is the newest item's embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.items = nn.Embedding(6, 4)

    def encode(self, x: Tensor) -> Tensor:
        return self.items(x)

    def all_item_embeddings(self) -> Tensor:
        return self.items.weight[1:]

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        return self.encode(batch["x"]) @ self.all_item_embeddings().T


@pytest.mark.parametrize("only_targets", [False, True])
def test_the_loss_is_the_mean_over_the_targets_alone(
    rectools_flat: ModuleType, only_targets: bool
) -> None:
    batch = {"x": torch.tensor([[0, 0, 3], [1, 2, 3]]), "y": torch.tensor([[0, 0, 5], [2, 3, 4]])}
    net = Net()
    scores = net.items.weight @ net.items.weight[1:].T  # (item before, candidate from 1)
    chances = scores.log_softmax(1)
    pairs = [(3, 5), (1, 2), (2, 3), (3, 4)]
    expected = -sum(chances[item, target - 1] for item, target in pairs) / len(pairs)
    loss = rectools_flat.loss_of(net, batch, only_targets=only_targets)
    torch.testing.assert_close(loss, expected)


@pytest.mark.slow
@pytest.mark.skipif(not Path(PYTHON).exists(), reason="RecTools' environment has not been made")
def test_an_epoch_has_the_exported_targets_and_the_same_loss_both_ways(tmp_path: Path) -> None:
    export("demo", 0, 20, tmp_path / "data")
    expected = json.loads((tmp_path / "data" / "counts.json").read_text())["positions"]
    common = {"work": "train", "max_length": 20, "dropout": 0.0, "attention_dropout": 0.0}
    jobs = [
        Job("rectools", **common),
        *(Job("rectools-flat", **common, only_targets=only) for only in (False, True)),
    ]
    results = [run(job, tmp_path / "data") for job in jobs]
    assert [result["targets"] for result in results] == [expected] * 3
    assert results[1]["loss"] == pytest.approx(results[2]["loss"], rel=1e-3)


def run(job: Job, folder: Path) -> dict[str, float]:
    worker = f"benchmarks.peers.workers.{SIDES[job.side].worker}"
    return processes.measure(worker, job.dump(), str(folder), threads=1, python=PYTHON)
