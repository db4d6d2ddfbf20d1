"""Where measurements are kept: names of folders that are plain, short and never those of another setting."""

from pathlib import Path

import polars as pl
import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.alike import check_alike
from miqrec.experiments.stability.groups import labels
from miqrec.experiments.stability.measurements import (
    CLEAN_FILE,
    About,
    Asked,
    claimed,
    places_in,
    read_about,
)


def about(**inference: object) -> About:
    return About(
        asked=Asked(),
        system="sasrec",
        seed=0,
        inference=InferenceConfig(**inference),
        fingerprint="data",
        weights="model",
    )


def claim(folder: Path, about: About) -> Path:
    with claimed(folder, about) as place:
        return place


@pytest.mark.parametrize(
    ("inference", "name"),
    [
        ({"mix": "1"}, "newest"),
        ({"mix": "trained"}, "trained"),
        ({"mix": "0.6 0.4"}, "mix-0.6-0.4"),
        ({"mix": "0.571 0.286 0.143", "temperature": 2.5}, "mix-0.571-0.286-0.143-at-2.5"),
        ({"mix": (0.05,) * 20}, "-".join(["mix", *["0.05"] * 20])),
    ],
)
def test_a_setting_is_named_by_its_weights(tmp_path, inference, name):
    assert claim(tmp_path, about(**inference)) == tmp_path / "values/sasrec/seed-0" / name


def test_settings_of_one_name_have_folders_of_their_own_which_are_found_again(tmp_path):
    alike = [
        about(mix=(0.3333333, 0.6666667)),
        about(mix=(0.3333334, 0.6666666)),
        about(mix=(0.3333333, 0.6666667), exclude_seen=False),
        *(about(mix=(0.01,) * 99 + last) for last in ((0.01,), (0.005, 0.005))),
    ]
    claimed = [claim(tmp_path, each) for each in alike]
    assert [read_about(place) for place in claimed] == alike
    assert max(len(place.name) for place in claimed) < 200
    assert sorted(claimed) == places_in(tmp_path)
    assert [claim(tmp_path, each) for each in alike] == claimed


def test_what_was_begun_without_measuring_anything_is_begun_anew(tmp_path):
    begun, wanted = about(mix="1"), about(mix="1").model_copy(update={"asked": Asked(draws=1)})
    place = claim(tmp_path, begun)
    check_alike([wanted], tmp_path)
    assert read_about(claim(tmp_path, wanted)) == wanted

    (place / "clean.parquet").touch()
    with pytest.raises(MiqrecError, match="with 1 draw instead of 5; ask for the same"):
        check_alike([begun], tmp_path)
    with pytest.raises(MiqrecError, match="holds other measurements"):
        claim(tmp_path, begun)


def test_labels_are_short_unless_two_would_be_the_same():
    ways = [InferenceConfig(mix=mix) for mix in ("1", "0.6 0.4", "0.333 0.667", "0.3333 0.6667")]
    keys = [("sasrec", way) for way in ways]
    assert list(labels(keys).values()) == [
        "sasrec",
        "sasrec, mix .6 .4",
        "sasrec, mix 0.333 0.667 at temperature 1.0, all seen items left out",
        "sasrec, mix 0.3333 0.6667 at temperature 1.0, all seen items left out",
    ]
    kept, dropped = (InferenceConfig(mix="1", exclude_seen=seen) for seen in (False, ("buy",)))
    assert [*labels([("a", kept), ("a", dropped)]).values()] == [
        "a, mix 1.0 at temperature 1.0, no seen items left out",
        "a, mix 1.0 at temperature 1.0, buy seen items left out",
    ]


def test_an_ensemble_is_no_single_model_of_its_name(tmp_path):
    place = claim(tmp_path, about())
    pl.DataFrame().write_parquet(place / CLEAN_FILE)
    ensemble = about().model_copy(update={"members": 2})
    with pytest.raises(MiqrecError, match="from another model of this name"):
        check_alike([ensemble], tmp_path)
