"""A search space is checked before anything is tried, and drawn from as it says."""

import optuna
import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.tuning.space import read_search, suggest


@pytest.fixture
def read(tmp_path):
    def read(text: str, model: str = "miq-sasrec"):
        (tmp_path / "search.toml").write_text(text)
        return read_search(tmp_path / "search.toml", model)

    return read


def test_ranges_and_lists(read):
    space = read(
        "[search]\ndropout = {low = 0.1, high = 0.7}\ndim = [32, 64]\n"
        "learning_rate = {low = 1e-4, high = 1e-2, log = true}\n"
    )

    assert (space["dropout"].low, space["dropout"].high, space["dropout"].log) == (0.1, 0.7, False)
    assert space["dim"] == (32, 64)
    assert space["learning_rate"].log


def test_values_are_drawn_from_what_is_given(read):
    space = read(
        '[search]\nloss = ["bce", "ce"]\nwindow = {low = 2, high = 4}\n'
        "weight_decay = {low = 0, high = 1}\nclip = {low = 1, high = 5}\n"
    )
    study = optuna.create_study()

    drawn = [suggest(study.ask(), "miq-sasrec", space) for _ in range(20)]

    assert {values["loss"] for values in drawn} == {"bce", "ce"}
    assert {values["window"] for values in drawn} <= {2, 3, 4}
    assert all(isinstance(values["window"], int) for values in drawn)
    assert all(0 < values["weight_decay"] < 1 for values in drawn)  # 0 to 1 are not two integers
    assert all(1 <= values["clip"] <= 5 for values in drawn)


WRONG = {
    "nothing to search": ("", "search: Field required"),
    "an empty table": ("[search]\n", "at least 1 item"),
    "an unknown setting": ("[search]\ndropuot = [0.1]", "miq-sasrec has no 'dropuot' to search"),
    "a filter": ("[search]\nmin_user = [5, 10]", "has no 'min_user' to search"),
    "the seed": ("[search]\nseed = [1, 2]", "has no 'seed' to search"),
    "an end that can't be": (
        "[search]\ndropout = {low = 0.1, high = 1.5}",
        r"search.dropout can't be 1.5: .* less than 1",
    ),
    "a choice that can't be": ('[search]\nloss = ["ce", "cee"]', "search.loss can't be 'cee'"),
    "half an item": ("[search]\nwindow = {low = 1.5, high = 3}", "search.window can't be 1.5"),
    "a range of words": ("[search]\nloss = {low = 1, high = 2}", "search.loss is not a number"),
    "an empty list": ("[search]\ndim = []", "search.dim.list: .* at least 1 item"),
    "upside down": ("[search]\ndropout = {low = 0.5, high = 0.1}", "0.5 must be below high 0.1"),
    "magnitudes of nothing": (
        "[search]\nweight_decay = {low = 0, high = 0.1, log = true}",
        "low 0 must be above 0 for log",
    ),
    "a typing error": ("[search]\ndropout = {low = 0.1, hihg = 0.5}", "hihg"),
    "not TOML": ("[search", "is not TOML"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_space_with_a_mistake_is_refused(read, text, message):
    with pytest.raises(MiqrecError, match=message):
        read(text)


def test_an_unknown_model_or_a_missing_file_is_refused(read, tmp_path):
    with pytest.raises(MiqrecError, match="no model 'sasrek'"):
        read("[search]\ndim = [8]", model="sasrek")
    with pytest.raises(MiqrecError, match=r"nowhere.toml can't be read: No such file"):
        read_search(tmp_path / "nowhere.toml", "sasrec")
