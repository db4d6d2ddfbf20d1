"""The published protocols on the real files: counts, held-out items, and scores of what only counts."""

from pathlib import Path

import pytest

from miqrec import Recommender
from miqrec.data.counts import statistics
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split

SIZES = {
    "ml-1m": (6_040, 3_416, 999_611),
    "lastfm": (1_090, 3_646, 52_551),
    "ml-100k": (943, 1_682, 100_000),
    "beauty-5core": (22_363, 12_101, 198_502),
    "beauty-bert4rec": (40_226, 54_542, 353_962),
}


def load(name: str, data_dir: Path) -> Dataset:
    return open_dataset(DataConfig(source=name), data_dir=data_dir)


@pytest.mark.parametrize("name", SIZES)
def test_a_named_data_set_has_its_published_size(name, shared_data):
    counted = statistics(load(name, shared_data))

    assert (counted.users, counted.items, counted.interactions) == SIZES[name]


def test_the_last_two_items_of_last_fm_are_held_out(shared_data):
    lines = (shared_data / "lastfm" / "LastFM.txt").read_text().splitlines()
    user, *history = map(int, lines[0].split())
    dataset = load("lastfm", shared_data)

    def item(place: int) -> int:
        return dataset.catalogue.decode([dataset.sequences.items[place]])[0]

    assert dataset.users[0] == user
    splits = split(dataset, SplitConfig())
    assert item(splits.test.stops[0]) == history[-1]
    assert item(splits.valid.stops[0]) == history[-2]
    assert splits.train.stops[0] == len(history) - 2


def test_films_come_with_titles(shared_data, monkeypatch):
    monkeypatch.setenv("MIQREC_DATA", str(shared_data))
    rec = Recommender.fit("ml-100k", model="popularity")

    assert rec.recommend(histories=[[]], k=1)["title"].to_list() == ["Star Wars (1977)"]


def test_popularity_and_markov_on_ml_1m(shared_data, monkeypatch):
    monkeypatch.setenv("MIQREC_DATA", str(shared_data))
    scores = {
        model: Recommender.fit("ml-1m", model=model).evaluate()["HR@10"]
        for model in ("popularity", "markov")
    }

    assert scores["popularity"] < scores["markov"] / 3
