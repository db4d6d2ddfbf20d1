"""A study knows which settings belong to which system, and is checked as a whole."""

import re

import pytest
from pydantic import ValidationError

from miqrec.config import explain
from miqrec.experiments.studies.study import Study

KEYS = {
    "name": "table1",
    "title": "Table 1",
    "caption": "",
    "data": "demo",
    "settings": {"dim": 16, "epochs": 3, "n_heads": 1},
    "pretraining": {"pre": {"model": "miq-s3rec", "window": 3, "epochs": 2}},
    "systems": {
        "gru": {"label": "GRU", "model": "gru4rec"},
        "miq": {"label": "MIQ", "model": "miq-sasrec", "window": 4, "epochs": 5},
        "s3": {"label": "S3", "model": "miq-s3rec", "window": 3, "pretraining": "pre"},
    },
    "paper": {"gru": {"HR@5": 0.1, "MRR": 0.05}},
    "pairs": [{"system": "miq", "baseline": "gru"}],
}


def changed(**keys) -> dict:
    return KEYS | keys


def test_a_shared_setting_reaches_the_systems_that_have_it():
    study = Study(**KEYS)

    assert study.system_values("gru") == {"dim": 16, "epochs": 3}  # it has no heads
    assert study.chosen("s3").model.n_heads == 1


def test_what_a_system_says_itself_goes_before_what_is_shared():
    assert Study(**KEYS).system_values("miq") == {
        "dim": 16,
        "epochs": 5,
        "n_heads": 1,
        "window": 4,
    }


def test_a_pretraining_shares_sizes_and_filters_but_not_the_training():
    study = Study(**changed(settings={"dim": 16, "min_user": 5, "batch_size": 7, "epochs": 9}))

    assert study.pretraining_values("pre") == {"dim": 16, "min_user": 5, "window": 3, "epochs": 2}


def test_a_study_can_be_read_back_from_its_json():
    study = Study(**KEYS)

    assert Study.model_validate_json(study.model_dump_json()) == study


SEARCH = {"dropout": {"low": 0.1, "high": 0.5}, "window": [2, 4]}


def test_a_system_searches_what_its_model_has():
    search = SEARCH | {"window": [3, 4]}
    study = Study(**changed(tuning={"trials": 20, "search": search}))

    assert study.space("gru").keys() == {"dropout"}
    assert study.space("miq").keys() == {"dropout", "window"}
    assert Study.model_validate_json(study.model_dump_json()) == study


def test_a_system_does_not_search_what_its_pretraining_fixes():
    search = {"dropout": [0.1, 0.2], "learning_rate": [0.001, 0.002], "window": [3, 4], "dim": [16]}
    study = Study(**changed(tuning={"trials": 20, "search": search}))

    assert study.space("s3").keys() == {"dropout", "learning_rate"}


def test_without_tuning_nothing_is_searched():
    assert Study(**KEYS).space("miq") == {}


def tuned(search: dict, **keys) -> dict:
    """A study with a single system, and what was searched for it."""
    return one("miq-sasrec", **keys) | {"tuning": {"trials": 20, "search": search}}


def one(model: str = "sasrec", **keys) -> dict:
    """A study with a single system."""
    system = {"label": "A", "model": model} | keys
    return changed(systems={"a": system}, paper={}, pairs=[])


WRONG = {
    "an unknown key": (changed(tilte=""), "there is no setting 'tilte'"),
    "no systems": (changed(systems={}, paper={}, pairs=[]), "systems: .* at least 1"),
    "no label": (changed(systems={"a": {"model": "sasrec"}}), "systems.a.label: Field required"),
    "an unknown model": (one("sasrek"), "systems.a: there is no model 'sasrek'"),
    "a setting of no model": (one(windows=3), "systems.a: sasrec has no setting 'windows'"),
    "a value out of range": (one(dropout=2), "systems.a: dropout: .* less than 1"),
    "a shared setting that nobody has": (
        one() | {"settings": {"hidden": 9}},
        "settings: no system has 'hidden'",
    ),
    "a shared setting that is a typing error": (
        one() | {"settings": {"epoch": 9}},
        "settings: no system has 'epoch'",
    ),
    "a filter of one system": (one(min_user=5), "systems.a: min_user can't differ"),
    "a seed": (one(seed=5), "systems.a: seed can't differ"),
    "a shared seed": (one() | {"settings": {"seed": 1}}, "settings: the seeds"),
    "a pre-training that is not there": (
        one("s3rec", pretraining="x"),
        r"systems.a: there is no pretraining.x",
    ),
    "a pre-training of other sizes": (
        one("miq-s3rec", pretraining="pre", window=5),
        "systems.a and its pretraining.pre are not of the same sizes",
    ),
    "a pre-training of a model that has none": (
        changed(pretraining={"pre": {"model": "sasrec"}}),
        "pretraining.pre: 'sasrec' is not pre-trained",
    ),
    "paper numbers of nobody": (one() | {"paper": {"b": {}}}, "there is no system 'b'"),
    "paper numbers of another metric": (one() | {"paper": {"a": {"HR@7": 0.1}}}, "HR@7"),
    "paper numbers in per cent": (one() | {"paper": {"a": {"HR@5": 3.4}}}, "less than or equal"),
    "a pair with nobody": (
        one() | {"pairs": [{"system": "a", "baseline": "b"}]},
        "there is no system 'b'",
    ),
    "two rows that look alike": (
        one() | {"systems": {name: {"label": "A", "model": "sasrec"} for name in ("a", "b")}},
        "two systems have the same label",
    ),
    "settings that the search can't have found": (
        tuned(SEARCH, dropout=0.6),
        "systems.a: dropout 0.6 is not among tuning.search",
    ),
    "a choice that the search can't have made": (
        tuned(SEARCH, window=3),
        "systems.a: window 3 is not among tuning.search",
    ),
    "a search for what nobody has": (
        tuned({"windwo": [1]}),
        "tuning.search: no system has 'windwo'",
    ),
    "a search that leaves a setting's range": (
        tuned({"dropout": [0.5, 2]}),
        "tuning.search.dropout can't be 2",
    ),
    "a search for nothing": (tuned({}), "tuning.search: .* at least 1 item"),
    "a name that is no folder's": (
        changed(systems={"../a": {"label": "A", "model": "sasrec"}}),
        "should match pattern",
    ),
    "the folder of the pre-trainings": (
        one() | {"systems": {"pretraining": {"label": "A", "model": "sasrec"}}},
        "can't be called 'pretraining'",
    ),
}


@pytest.mark.parametrize(("keys", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_study_with_a_mistake_is_refused(keys, message):
    with pytest.raises(ValidationError) as refused:
        Study(**keys)
    assert re.search(message, explain(refused.value))
