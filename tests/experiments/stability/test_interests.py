"""What a study says of the demo's true interests: for the demo alone, averaged over seeds, in a table."""

import numpy as np
import polars as pl
import pytest

from findings import FINDINGS
from miqrec import Recommender
from miqrec.data.catalogue import make_catalogue
from miqrec.data.filters import Filters
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.experiments.formatting import MINUS, NOTHING
from miqrec.experiments.stability.findings import Interest, relabelled
from miqrec.experiments.stability.interests import interests_table
from miqrec.experiments.stability.measurements import Asked
from miqrec.experiments.stability.planted import PLANTED_FILE, find_interests, known_truth
from miqrec.experiments.stability.prepared import Subject, prepare
from worlds import cycle, frame


@pytest.fixture(scope="module")
def demo():
    return open_dataset(DataConfig(source="demo"))


@pytest.fixture(scope="module")
def questions(demo):
    return split(demo, SplitConfig()).test


def test_the_truth_is_known_of_the_demo(demo, questions, tmp_path, monkeypatch):
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)  # where `demo` would be a folder's name
    truth = known_truth(demo, demo.catalogue, questions)
    assert truth.after_noise.shape == questions.users.shape
    assert truth.interests.sum(1) == pytest.approx(np.ones(len(questions.users)))
    assert 0.1 < truth.after_noise.mean() < 0.2  # 15 % of its clicks are noise


def test_nothing_is_known_of_other_data_whatever_they_are_called(tmp_path):
    fewer = open_dataset(DataConfig(source="demo", filters=Filters(min_user=20)))
    frame(cycle()).write_csv(tmp_path / "demo.csv")
    other = open_dataset(DataConfig(source=str(tmp_path / "demo.csv")))
    for dataset in (cycle(), fewer, other):
        asked = split(dataset, SplitConfig()).test
        assert known_truth(dataset, dataset.catalogue, asked) is None


def test_nothing_is_known_for_models_with_other_items_or_other_numbers_for_them(demo, questions):
    items = demo.catalogue.frame["item"]
    for others in (items.reverse(), items.head(395)):
        assert known_truth(demo, make_catalogue(others, None), questions) is None


@pytest.mark.parametrize(
    ("part", "by", "known"),
    [("test", "leave-one-out", True), ("valid", "leave-one-out", False), ("test", "time", False)],
)
def test_the_truth_is_of_last_clicks_alone(demo, part, by, known):
    artifact = Recommender.fit(demo, model="popularity", split=by).artifact
    prepared = prepare(Subject("popularity", 0, artifact), demo, Asked(part=part))
    assert (prepared.truth is not None) == known


def measurement(folder, followed, without):
    """Users 1 and 2 meant their newest click, and user 3 did not."""
    folder.mkdir(parents=True)
    values = {"user": [1, 2, 3], "after_noise": [False, False, True]}
    frame = pl.DataFrame(values | {"followed": followed, "without": without})
    frame.write_parquet(folder / PLANTED_FILE)
    return folder


def test_interests_are_averaged_over_seeds_and_then_over_users(tmp_path):
    seeds = [
        measurement(tmp_path / "seed-0", [0.9, 0.3, 0.1], [0.4, 0.2, 0.5]),
        measurement(tmp_path / "seed-1", [0.7, 0.5, 0.3], [0.2, 0.2, 0.5]),
    ]
    earlier = tmp_path / "measured-by-an-earlier-version"
    meant, noise = find_interests({"sasrec": seeds, "miq": [*seeds, earlier]})
    assert (meant.users, meant.followed, meant.without) == (
        2,
        pytest.approx(0.6),
        pytest.approx(0.25),
    )
    assert meant.added == pytest.approx(((0.8 - 0.3) + (0.4 - 0.2)) / 2)
    assert meant.margin == pytest.approx(
        1.96 * 0.15
    )  # .5 and .2 deviate by .2121, over the root of 2
    assert (noise.users, noise.added, noise.margin) == (1, pytest.approx(0.2 - 0.5), None)


def interest(setting: str, after_noise: bool, users: int, added: float) -> Interest:
    numbers = {"followed": 0.5 + added, "without": 0.5, "added": added, "margin": 0.02}
    return Interest(setting=setting, after_noise=after_noise, users=users, **numbers)


def test_the_table_has_a_line_a_setting_with_gaps_where_nothing_was_measured():
    interests = interest("sasrec", False, 1200, 0.1), interest("sasrec", True, 34, -0.2)
    table = interests_table(FINDINGS.model_copy(update={"interests": interests}))
    first, second, _ = ([cell.text for cell in row] for row in table.rows)
    assert first[1:] == [".600", ".500", "+.100 ± .020", ".300", ".500", f"{MINUS}.200 ± .020"]
    assert second == ["sasrec, mix .6 .4", *[NOTHING] * 6]
    assert "34 users is noise, and that of 1,200 users meant" in table.notes[0]


def test_a_report_calls_systems_by_its_own_names():
    found = FINDINGS.model_copy(update={"interests": (interest("sasrec", True, 3, 0.1),)})
    assert relabelled(found, {"sasrec": "SASRec"}).interests[0].setting == "SASRec"
