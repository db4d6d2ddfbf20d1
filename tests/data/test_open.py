"""The one door for data: what a config says is honoured, or refused in one sentence."""

import warnings
from pathlib import Path

import polars as pl
import pytest

from miqrec.data.filters import Filters
from miqrec.data.open import DataConfig, open_dataset, resolve
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError, MiqrecWarning

LOG = "user,item,time\n1,a,3\n1,b,1\n2,a,5\n"
FRAME = pl.DataFrame({"user": [1, 1, 2], "item": [5, 6, 5]})
IN_MEMORY = DataConfig(source=None)


@pytest.fixture
def log(tmp_path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path / "log.csv"


@pytest.fixture
def ml_1m(tmp_path) -> Path:
    """ML-1M's raw ratings in miniature: five users of five films, and one more rating."""
    (tmp_path / "data" / "ml-1m").mkdir(parents=True)
    ratings = [f"{u}::{film}::5::{film}" for u in range(1, 6) for film in range(10, 15)]
    lines = "\n".join([*ratings, "6::10::5::9"])
    (tmp_path / "data" / "ml-1m" / "ratings.dat").write_text(lines + "\n")
    return tmp_path / "data"


def test_a_file_is_read_filtered_and_described(log, tmp_path):
    (tmp_path / "items.json").write_text('{"a": ["red"], "b": []}')
    config = DataConfig(
        source=str(log), filters=Filters(min_user=2), items=str(tmp_path / "items.json")
    )
    dataset = open_dataset(config)
    assert dataset.name == "log"
    assert dataset.users.to_list() == [1]
    assert dataset.catalogue.frame.rows() == [("b", None, []), ("a", None, ["red"])]
    assert dataset.sequences.items.tolist() == [1, 2]


def test_a_data_frame_is_read_filtered_and_described():
    items = pl.DataFrame({"item": [5, 6], "title": ["five", "six"]})
    config = DataConfig(source=None, filters=Filters(min_user=2))
    dataset = open_dataset(config, FRAME, items)
    assert dataset.users.to_list() == [1]
    assert dataset.catalogue.titles([1, 2]).to_list() == ["five", "six"]


def test_a_dataset_is_taken_as_it_is():
    dataset = open_dataset(IN_MEMORY, FRAME)
    assert open_dataset(IN_MEMORY, dataset) is dataset


def test_a_saved_data_set_is_a_source(tmp_path):
    dataset = open_dataset(IN_MEMORY, FRAME)
    dataset.save(tmp_path / "store")
    again = open_dataset(DataConfig(source=str(tmp_path / "store")))
    assert again.fingerprint == dataset.fingerprint


REFUSED = {
    "columns": {"columns": Columns(user="who")},
    "filters": {"filters": Filters(min_user=2)},
    "items": {"items": "titles.csv"},
}


@pytest.mark.parametrize(("option", "values"), REFUSED.items(), ids=REFUSED)
def test_what_is_prepared_already_refuses_options(option, values, tmp_path):
    dataset = open_dataset(IN_MEMORY, FRAME)
    dataset.save(tmp_path / "store")
    message = f"is prepared already, so {option} can't be applied"
    with pytest.raises(MiqrecError, match=f"a Dataset {message}"):
        open_dataset(DataConfig(source=None, **values), dataset)
    with pytest.raises(MiqrecError, match=f"a saved data set, {message}"):
        open_dataset(DataConfig(source=str(tmp_path / "store"), **values))


def test_a_source_and_a_frame_exclude_each_other(log):
    with pytest.raises(MiqrecError, match="either a source's name or path, or a data frame"):
        open_dataset(DataConfig(source=str(log)), FRAME)
    with pytest.raises(MiqrecError, match="either a source's name or path, or a data frame"):
        open_dataset(IN_MEMORY)


def test_items_are_given_once():
    with pytest.raises(MiqrecError, match="items are given twice"):
        open_dataset(DataConfig(source=None, items="titles.csv"), FRAME, FRAME)


def test_a_source_that_is_not_there_is_answered_with_the_names(tmp_path):
    with pytest.raises(MiqrecError, match=r"none\.csv does not exist; .* the data sets demo, ml-"):
        open_dataset(DataConfig(source=str(tmp_path / "none.csv")), cache=tmp_path / "cache")


# Named data sets honour all that is typed


def test_a_named_data_set_has_filters_of_its_own(ml_1m):
    own = resolve(DataConfig(source="ml-1m"), data_dir=ml_1m)
    assert own.filters == Filters(min_user=5, min_item=5)
    with pytest.warns(MiqrecWarning, match="ml-1m has 5 users"):
        dataset = open_dataset(own, data_dir=ml_1m)
    assert dataset.users.to_list() == [1, 2, 3, 4, 5]


def test_typed_filters_go_before_those_of_a_named_data_set(ml_1m):
    typed = DataConfig(source="ml-1m", filters=Filters(min_user=1))
    assert resolve(typed, data_dir=ml_1m) == typed
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # its size is not the published one, as was asked for
        dataset = open_dataset(typed, data_dir=ml_1m)
    assert dataset.users.to_list() == [1, 2, 3, 4, 5, 6]


def test_typed_columns_of_a_named_data_set_are_taken(ml_1m):
    config = DataConfig(source="ml-1m", columns=Columns(user="item", item="user"))
    dataset = open_dataset(config, data_dir=ml_1m)
    assert dataset.users.to_list() == [10, 11, 12, 13, 14]


def test_typed_items_go_before_those_of_a_named_data_set(tmp_path):
    demo = open_dataset(DataConfig(source="demo"))
    first = demo.catalogue.frame["item"][0]
    (tmp_path / "items.csv").write_text(f"item,title\n{first},Mine\n")
    dataset = open_dataset(DataConfig(source="demo", items=str(tmp_path / "items.csv")))
    assert dataset.catalogue.titles([1]).to_list() == ["Mine"]


def test_the_demo_honours_filters_and_refuses_columns_that_it_has_not():
    longest = open_dataset(DataConfig(source="demo", filters=Filters(min_user=100)))
    assert longest.sequences.lengths.min() >= 100
    with pytest.raises(MiqrecError, match="no column 'who' for the user; it has user, item, time"):
        open_dataset(DataConfig(source="demo", columns=Columns(user="who")))


def test_filters_of_files_and_frames_are_all_interactions_by_default(log):
    assert resolve(DataConfig(source=str(log))).filters == Filters()
    assert resolve(IN_MEMORY).filters == Filters()


def test_configs_of_the_first_format_still_open():
    """Runs were saved with explicit filters and three columns; named data sets ignored both."""
    text = """{"source": "demo", "columns": {"user": null, "item": null, "time": null},
    "filters": {"min_user": 0, "min_item": 0, "fixed_point": false, "drop_duplicates": false},
    "items": null}"""
    config = DataConfig.model_validate_json(text)
    assert config == resolve(DataConfig(source="demo"))
    assert open_dataset(config).fingerprint == open_dataset(DataConfig(source="demo")).fingerprint


# The real files


def test_ml_100k_is_sorted_by_time_and_stable(shared_data):
    folder = shared_data / "ml-100k"
    config = DataConfig(source=str(folder / "u.data"), items=str(folder / "u.item"))
    dataset = open_dataset(config)
    raw = [list(map(int, line.split())) for line in (folder / "u.data").open()]
    user = raw[0][0]
    rated = sorted((row for row in raw if row[0] == user), key=lambda row: row[3])
    first = dataset.sequences.items[: dataset.sequences.offsets[1]]
    assert dataset.users[0] == user
    assert dataset.catalogue.decode(first).to_list() == [item for _, item, _, _ in rated]
    assert dataset.sequences.times[: len(rated)].tolist() == [row[3] * 10**6 for row in rated]


def test_lastfm_has_the_papers_statistics_and_attributes_for_every_item(shared_data):
    folder = shared_data / "lastfm"
    items = str(folder / "LastFM_item2attributes.json")
    dataset = open_dataset(DataConfig(source=str(folder / "LastFM.txt"), items=items))
    sequences = dataset.sequences
    assert (sequences.n_users, sequences.n_items, len(sequences.items)) == (1_090, 3_646, 52_551)
    assert dataset.catalogue.frame["attributes"].list.len().min() == 1


PUBLISHED = {
    "lastfm": "a7129ea7b3a1984b26efc38777a35a3457e6a27b08ce4287aed18f4081b58a26",
    "ml-1m": "b1baf14d2708f3af6847042bee4e898096e603b939b988922ab3b190471590ae",
    "beauty-5core": "fe87702f24f5bbbb2b61b41ca5246e866480cf9e8d9b614ab479e764824c9bca",
}
"""What the config of each published run says of its data."""


@pytest.mark.parametrize(("name", "fingerprint"), PUBLISHED.items(), ids=PUBLISHED)
def test_the_data_of_published_runs_have_the_fingerprint_that_they_had(
    name, fingerprint, shared_data
):
    config = DataConfig(source=name, filters=Filters())  # as their configs say
    assert resolve(DataConfig(source=name), data_dir=shared_data) == config
    assert open_dataset(config, data_dir=shared_data).fingerprint == fingerprint


def test_a_name_alone_opens_a_data_set():
    assert open_dataset("demo").fingerprint == open_dataset(DataConfig(source="demo")).fingerprint
