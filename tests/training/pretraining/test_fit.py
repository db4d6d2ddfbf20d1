"""A whole pre-training: what it leaves, repeats, and refuses."""

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest
import torch

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.configs.s3rec import MIQS3RecConfig, S3RecConfig
from miqrec.models.registry import build_model
from miqrec.models.s3rec import S3Rec
from miqrec.training.callbacks import History
from miqrec.training.pretraining.config import PretrainingConfig
from miqrec.training.pretraining.fit import pretrain
from miqrec.training.pretraining.step import Pretraining
from worlds import cycle

CONFIGS = {
    "s3rec": S3RecConfig(dim=16, n_layers=1, max_length=6, dropout=0.1),
    "miq-s3rec": MIQS3RecConfig(dim=16, n_layers=1, max_length=6, dropout=0.1, window=3),
}


@cache
def described() -> Dataset:
    """The cycle, each item with the two attributes of its place: its quarter, and odd or even."""
    frame = cycle().catalogue.frame
    places = range(frame.height)
    attributes = [[f"quarter {4 * i // frame.height}", f"odd {i % 2}"] for i in places]
    return replace(
        cycle(), catalogue=Catalogue(frame.with_columns(pl.Series("attributes", attributes)))
    )


def pretrained(folder: Path, name: str = "s3rec", dataset: Dataset | None = None, **values):
    torch.manual_seed(0)
    model = build_model(CONFIGS[name], cycle().catalogue.n_items)
    defaults = {"epochs": 2, "prefixes": 2, "batch_size": 50, "learning_rate": 0.01}
    splits = split(dataset or described(), SplitConfig())
    catalogue, config = splits.dataset.catalogue, PretrainingConfig(**defaults | values)
    rows = pretrain(model, splits.train, catalogue, config, folder)
    return model, rows


def equal(one: S3Rec, other: S3Rec) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_losses_fall_and_are_written_down(name, tmp_path):
    model, rows = pretrained(tmp_path, name, epochs=16)
    for loss in ("loss", "aap", "mip", "map"):
        assert rows[-1][loss] < rows[0][loss]
    with (tmp_path / "history.csv").open() as lines:
        written = list(csv.DictReader(lines))
    assert list(written[0]) == ["epoch", "loss", "aap", "mip", "map", "sp", "seconds"]
    assert len(written) == 16
    assert model.causal


def test_the_loss_is_its_parts_by_their_weights(tmp_path):
    _, rows = pretrained(tmp_path)
    for row in rows:
        total = 0.2 * row["aap"] + 1.0 * row["mip"] + 1.0 * row["map"] + 0.5 * row["sp"]
        assert row["loss"] == pytest.approx(total, rel=1e-5)


def test_a_seed_gives_the_same_weights_twice(tmp_path):
    first, _ = pretrained(tmp_path / "a", seed=1)
    assert equal(first, pretrained(tmp_path / "b", seed=1)[0])
    assert not equal(first, pretrained(tmp_path / "c", seed=2)[0])


class Killed(Exception):
    """Stands for a kill at any moment."""


def test_one_that_was_killed_and_goes_on_ends_as_one_that_was_not(tmp_path, monkeypatch):
    whole, rows = pretrained(tmp_path / "whole", epochs=3)
    original = History.on_train_batch_end

    def killing(self, trainer, *arguments):
        if trainer.current_epoch == 1 and arguments[-1] == 2:
            raise Killed
        original(self, trainer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(History, "on_train_batch_end", killing)
        with pytest.raises(Killed):
            pretrained(tmp_path / "killed", epochs=3)
    resumed, again = pretrained(tmp_path / "killed", epochs=3)
    assert equal(whole, resumed)
    assert [row["loss"] for row in rows] == [row["loss"] for row in again]


def test_held_out_items_change_no_weight(tmp_path):
    """Each user's last two are replaced by item 1."""
    sequences = described().sequences
    items = sequences.items.copy()
    for back in (1, 2):
        items[sequences.offsets[1:] - back] = 1
    other = replace(described(), sequences=replace(sequences, items=items))
    one, two = pretrained(tmp_path / "a")[0], pretrained(tmp_path / "b", dataset=other)[0]
    assert equal(one, two)


def test_without_attributes_items_and_segments_are_predicted_with_a_warning(tmp_path):
    with pytest.warns(MiqrecWarning, match="no item has attributes"):
        _, rows = pretrained(tmp_path, dataset=cycle())
    assert (rows[-1]["aap"], rows[-1]["map"]) == (0, 0)
    assert rows[-1]["mip"] > 0


@pytest.mark.parametrize(
    ("attributes", "zero"),
    [(True, ("aap", "mip", "map", "sp")), (False, ("mip", "sp"))],
)
def test_nothing_to_learn_is_an_error(tmp_path, attributes, zero):
    dataset = described() if attributes else cycle()
    with pytest.raises(MiqrecError, match="nothing to pre-train for"):
        pretrained(tmp_path, dataset=dataset, **{f"{name}_weight": 0 for name in zero})


def test_bfloat16_learns_too(tmp_path):
    _, rows = pretrained(tmp_path, epochs=4, precision="bf16-mixed")
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_it_reads_in_both_directions(tmp_path, monkeypatch):
    seen, original = set(), Pretraining.training_step

    def watching(self, *arguments):
        seen.add(self.model.causal)
        return original(self, *arguments)

    monkeypatch.setattr(Pretraining, "training_step", watching)
    pretrained(tmp_path, epochs=1)
    assert seen == {False}
