"""From folders of runs to the sections of a report."""

import json

import pytest

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.formatting import NOTHING
from miqrec.experiments.report.sections import read_report
from miqrec.experiments.report.writing import to_json
from studies import STUDY, compared, draw_ranks, write_run, write_study


def test_a_study_is_one_section(tmp_path):
    (section,) = read_report(compared(tmp_path / "table-x"))

    titles = [table.title for table in section.tables]
    assert titles == ["Test scores", "Comparisons", "Cost beside quality"]
    assert section.machines[0].startswith("4 runs, ")
    assert all(command.startswith("miqrec ") for command in section.commands)


def test_a_command_does_not_tell_where_the_folder_lay(tmp_path, monkeypatch):
    folder = tmp_path / "table-x"
    monkeypatch.setattr("sys.argv", ["miqrec", "train", "--out", str(folder / "sasrec")])
    (section,) = read_report(compared(folder))

    assert section.commands == ["miqrec train --out table-x/sasrec"]


def test_a_folder_of_studies_has_a_section_for_each_that_has_begun(tmp_path):
    compared(tmp_path / "a")
    compared(tmp_path / "b")
    write_study(tmp_path / "c")

    with pytest.warns(MiqrecWarning, match="c is left out: none of its runs is finished"):
        sections = read_report(tmp_path)
    assert len(sections) == 2


def test_what_is_not_done_is_listed(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=3)
    for seed in (1, 2):
        (folder / "sasrec" / f"seed-{seed}" / "metrics.json").unlink()
    for seed in range(3):
        (folder / "miq" / f"seed-{seed}" / "metrics.json").unlink()
    (section,) = read_report(folder)

    assert section.missing[:3] == [
        "SASRec_F: 2 seeds not done (1, 2).",
        "MIQ_F: not done.",
        "MIQ_F against SASRec_F: not tested, and not among the tests that the correction is for.",
    ]
    assert section.missing[3].startswith("Results by length of history: the runs were made of a")


def test_a_baseline_takes_the_place_of_the_studys_pairs(tmp_path):
    (section,) = read_report(compared(tmp_path / "table-x"), baseline="miq")

    assert {(comparison.system, comparison.baseline) for comparison in section.comparisons} == {
        ("sasrec", "miq")
    }


def test_numbers_are_json_without_what_json_has_no_word_for(tmp_path):
    write_run(tmp_path / "miq", [1, 100])
    (section,) = read_report(tmp_path)
    (content,) = json.loads(json.dumps(to_json([section]), allow_nan=False))

    hit_rate = content["systems"]["miq"]["test"]["HR@10"]
    assert hit_rate == {"mean": 0.5, "deviation": None}
    assert content["runs"][0]["seed"] == 0


def test_what_was_tuned_is_a_table_and_a_number(tmp_path):
    search = {"dropout": {"low": 0.1, "high": 0.5}, "window": [2, 4]}
    systems = {name: plan | {"dropout": 0.25} for name, plan in STUDY["systems"].items()}
    systems["miq"] |= {"window": 4}
    folder = write_study(tmp_path / "x", systems=systems, tuning={"trials": 20, "search": search})
    write_run(folder / "sasrec" / "seed-0", draw_ranks(0.5, 0))

    (section,) = read_report(tmp_path / "x")

    (table,) = [table for table in section.tables if table.title == "Tuned on validation"]
    assert table.columns == ("", "searched", "SASRec_F", "MIQ_F")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["dropout", "0.1 to 0.5", "0.25", "0.25"],
        ["window", "2, 4", NOTHING, "4"],
    ]
    assert "Each search had 20 trials" in table.notes[0]
    assert to_json([section])[0]["tuning"]["chosen"]["miq"] == {"dropout": 0.25, "window": 4}


def test_no_folder_is_an_error(tmp_path):
    with pytest.raises(MiqrecError, match="there are no runs in"):
        read_report(tmp_path / "x")
