"""Draws of a training: each purpose has a stream of its own, and the caller's generators rest."""

import random
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.recommender import Recommender
from miqrec.runs.fit import fit
from miqrec.system import matmul
from miqrec.training.negatives import Unseen
from miqrec.training.pretraining.config import PretrainingConfig
from miqrec.training.pretraining.fit import pretrain
from worlds import cycle, frame, small


def test_negatives_and_dropout_draw_different_numbers(tmp_path, monkeypatch):
    original, pairs = Unseen.draw, []

    def watching(self, *arguments, generator: torch.Generator):
        dropout = torch.Generator().manual_seed(torch.initial_seed())  # as the forward pass began
        negatives = torch.Generator().manual_seed(generator.initial_seed())
        pairs.append([torch.rand(4, generator=each).tolist() for each in (dropout, negatives)])
        return original(self, *arguments, generator=generator)

    monkeypatch.setattr(Unseen, "draw", watching)
    fit(small("sasrec", cycle(), loss="bce", dropout=0.5, epochs=1), tmp_path)

    assert len(pairs) == 4  # 120 users in steps of 32
    assert all(not set(dropout) & set(negatives) for dropout, negatives in pairs)


def generators() -> tuple[object, ...]:
    """The states of the three libraries' generators, comparable."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return random.getstate(), name, keys.tolist(), rest, torch.get_rng_state().tolist()


def test_training_leaves_the_generators_as_they_were(tmp_path):
    before = generators()
    fit(small("miq-sasrec", cycle(), dropout=0.5, epochs=1, loss="bce"), tmp_path)
    assert generators() == before


def test_so_do_pretraining_saving_loading_recommending_and_evaluating(tmp_path):
    before = generators()
    rec = Recommender.fit(frame(cycle()), "s3rec", epochs=1, dim=8, max_length=5)
    pretraining = PretrainingConfig(epochs=1, prefixes=1, aap_weight=0, map_weight=0)
    splits, catalogue = split(cycle(), SplitConfig()), cycle().catalogue
    pretrain(rec.artifact.model, splits.train, catalogue, pretraining, tmp_path / "pretraining")
    rec.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    loaded.evaluate(data=frame(cycle()))
    loaded.recommend(histories=[["item 01"]], k=3)
    assert generators() == before


@pytest.mark.parametrize("model", ["sasrec", "gru4rec"])
def test_trainings_in_two_threads_do_not_disturb_each_other(tmp_path, model, monkeypatch):
    # One thread's choice of how products are computed is every thread's, and may change their rounding.
    monkeypatch.setattr(matmul, "_are_faster_by_onednn", lambda: False)
    config = small(model, cycle(), dropout=0.5, loss="bce", epochs=2)
    weights: dict[Path, dict[str, torch.Tensor]] = {}

    def train(folder: Path) -> None:
        weights[folder] = fit(config, folder).model.state_dict()

    threads = [threading.Thread(target=train, args=(tmp_path / name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    train(tmp_path / "alone")

    alone = weights[tmp_path / "alone"]
    for folder in (tmp_path / "a", tmp_path / "b"):
        assert all(torch.equal(alone[name], value) for name, value in weights[folder].items())
