"""What a report says about its systems, with and without a study."""

import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.report.description import describe
from studies import write_study

SYSTEMS = ("a", "b", "c")


def pairs(description) -> list[tuple[str, str]]:
    return [(pair.system, pair.baseline) for pair in description.pairs]


def test_a_study_says_itself_what_it_is_about(tmp_path):
    description = describe(write_study(tmp_path / "table-x"), ["sasrec", "miq"])

    assert description.title == "Table X"
    assert description.labels == {"sasrec": "SASRec_F", "miq": "MIQ_F"}
    assert description.paper == {"miq": {"HR@10": 0.0578}}
    assert pairs(description) == [("miq", "sasrec")]


def test_without_a_study_all_are_compared_with_the_first(tmp_path):
    description = describe(tmp_path, SYSTEMS)

    assert description.title == tmp_path.name
    assert pairs(description) == [("b", "a"), ("c", "a")]


def test_or_all_are_compared_with_a_baseline_that_is_named(tmp_path):
    assert pairs(describe(tmp_path, SYSTEMS, baseline="c")) == [("a", "c"), ("b", "c")]
    with pytest.raises(MiqrecError, match=r"no system 'd'.*choose one of a, b, c"):
        describe(tmp_path, SYSTEMS, baseline="d")


def test_a_study_that_is_none_is_refused(tmp_path):
    write_study(tmp_path).joinpath("study.json").write_text('{"title": "x"}')

    with pytest.raises(MiqrecError, match="is not a study's"):
        describe(tmp_path, ["miq"])
