"""Tables, figures and a part of a report from made-up findings, whose numbers are plain to see."""

import json

import pytest

from findings import FINDINGS, NOISES, SETTINGS, setting
from miqrec.errors import MiqrecError
from miqrec.experiments.formatting import NOTHING
from miqrec.experiments.report.sections import read_report
from miqrec.experiments.report.writing import to_json, to_page
from miqrec.experiments.stability.choice import Choice
from miqrec.experiments.stability.figures import left_out, stability_figures
from miqrec.experiments.stability.findings import FINDINGS as FILE
from miqrec.experiments.stability.findings import read_findings, relabelled
from miqrec.experiments.stability.measurements import Asked
from miqrec.experiments.stability.page import check_own, to_markdown, write_page
from miqrec.experiments.stability.tables import stability_tables
from miqrec.stability.summary import SEED_FLOOR
from studies import compared


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def cells(table, row: int) -> list[str]:
    return [
        plain(f"{cell.text} ({cell.beside})" if cell.beside else cell.text)
        for cell in table.rows[row]
    ]


def test_a_table_for_each_noise_has_values_intervals_and_shares():
    clean, added, tenth, _, tests = stability_tables(FINDINGS)

    assert cells(clean, 0)[:2] == ["sasrec", "2"]
    assert cells(clean, 0)[4:] == [
        ".1000 (.0900 to .1100)",
        *[".4000 (.3600 to .4400)"] * 2,
        NOTHING,  # it is the baseline
    ]
    assert added.title == "Stability: a random item added at the end"
    assert cells(added, 1)[1] == ".1000 (.0900 to .1100)"
    assert cells(added, 1)[-2:] == [".1000 (.0900 to .1100)", "50 % (25 % to 75 %)"]
    assert plain(tenth.title) == "Stability: 10 % of the items replaced"
    assert len(tests.rows) == 3


def test_tests_are_marked_and_an_infinite_ratio_is_left_open():
    tests = stability_tables(FINDINGS)[-1]
    better, worse, unclear = (row[6].mark for row in tests.rows)
    assert (better, worse, unclear) == ("*", "†", "")
    assert cells(tests, 0)[4] == f"1.50 (1.25 to {NOTHING})"
    assert cells(tests, 2)[1] == "none"


def test_the_curve_begins_with_the_clean_value_and_has_a_line_a_setting():
    similarity, accuracy = stability_figures(FINDINGS)["stability-shares"].axes
    first = similarity.lines[0]
    assert first.get_xdata().tolist() == [0, 0.1, 0.4]
    assert first.get_ydata().tolist() == pytest.approx([1, 0.05, 0.05])
    assert accuracy.lines[1].get_ydata().tolist() == pytest.approx([0.2, 0.1, 0.1])
    assert len(similarity.lines) == len(SETTINGS)


def test_the_frontier_has_a_point_a_setting_and_a_line_a_system():
    (axes,) = stability_figures(FINDINGS)["stability-frontier"].axes
    sasrec, miq = (container.lines[0] for container in axes.containers)
    assert sasrec.get_xdata().tolist() == pytest.approx([0.1, 0.2])  # the newest alone comes first
    assert sasrec.get_ydata().tolist() == pytest.approx([0.05, 0.1])
    assert miq.get_xdata().tolist() == pytest.approx([0.3])
    assert [text.get_text() for text in axes.texts] == ["newest", ".6 .4", "newest"]


def test_what_was_not_measured_is_not_drawn_and_the_reason_is_given():
    assert left_out(FINDINGS) == {}
    alone = FINDINGS.model_copy(update={"noises": NOISES[:1], "settings": SETTINGS[:1]})
    assert stability_figures(alone) == {}
    assert left_out(alone) == {
        "stability-shares": "it needs noises with a share, such as share-replaced-0.2",
        "stability-frontier": "it needs two systems or mixtures",
    }
    dropped = FINDINGS.model_copy(update={"noises": ("newest-dropped",)})
    assert stability_figures(dropped) == {}
    assert left_out(dropped)["stability-frontier"] == (
        "it needs one of the noises random-added, popular-added, newest-replaced"
    )


def test_more_systems_than_there_are_colours_are_not_drawn():
    nine = tuple(setting(f"s{i}", f"s{i}") for i in range(9))
    many = FINDINGS.model_copy(update={"settings": nine})
    assert stability_figures(many) == {}
    assert left_out(many) == {
        "stability-shares": "it has room for 8 systems and mixtures, and there are 9",
        "stability-frontier": "it has room for 8 systems, and there are 9",
    }


def test_each_table_of_a_noise_says_how_alike_two_seeds_are_and_how_often_it_was_drawn():
    added = stability_tables(FINDINGS)[1]
    (note,) = added.notes
    assert note.startswith("Means over 5 draws. ")
    assert note.endswith(
        " Two seeds of sasrec have an FRBO@10 of .400 without noise, two of miq .400."
    )

    once = FINDINGS.model_copy(
        update={
            "asked": Asked(draws=1),
            "rows": tuple(row for row in FINDINGS.rows if row.noise != SEED_FLOOR),
        }
    )
    (note,) = stability_tables(once)[1].notes
    assert note.startswith("Means over 1 draw. ")
    assert note.endswith("its share of the value without noise.")


def test_the_page_links_its_figures_and_is_read_again(tmp_path):
    write_page(FINDINGS, tmp_path)
    page = (tmp_path / "stability.md").read_text()
    assert "](stability-frontier.svg)" in page
    assert "FRBO weighs the first places most (arXiv 2307.13165)" in page
    assert to_markdown(FINDINGS).removeprefix("## Stability\n") in page
    (tmp_path / FILE).write_text(FINDINGS.model_dump_json())
    assert read_findings(tmp_path) == FINDINGS
    assert read_findings(tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stability.md", "# Notes of a hike\n"),
        ("stability.json", '{"asked": "nobody"}'),
        ("stability.json", "[1, 2"),
        ("choice.json", '[{"chosen": "tea"}]'),
    ],
)
def test_files_of_others_are_not_replaced(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(MiqrecError, match=f"{name} was not written by `miqrec stability`"):
        check_own(tmp_path)


def test_own_files_are_replaced(tmp_path):
    check_own(tmp_path / "missing")
    write_page(FINDINGS, tmp_path)
    (tmp_path / FILE).write_text(FINDINGS.model_dump_json())
    choice = Choice(system="sasrec", trade=0.01, chosen=SETTINGS[0].inference, candidates=())
    (tmp_path / "choice.json").write_text(f"[{choice.model_dump_json()}]")
    check_own(tmp_path)


def test_a_report_of_a_study_has_its_stability_in_the_studys_words(tmp_path):
    study = compared(tmp_path / "table-x")
    (study / "stability").mkdir()
    (study / "stability" / FILE).write_text(FINDINGS.model_dump_json())
    (section,) = read_report(study)

    titles = [plain(table.title) for table in section.tables]
    assert titles[3:] == [
        "Stability: without noise",
        "Stability: a random item added at the end",
        "Stability: 10 % of the items replaced",
        "Stability: 40 % of the items replaced",
        "Stability: compared",
    ]
    assert [row[0].text for row in section.tables[4].rows] == [
        "SASRec_F",
        "SASRec_F, mix .6 .4",
        "MIQ_F",
    ]
    page = to_page([section])
    assert "a point for each way to use a system" in page
    assert page.count("<svg") == 3 + 2
    assert json.loads(json.dumps(to_json([section])))[0]["stability"]["users"] == 1234


def test_other_systems_keep_their_names():
    found = relabelled(FINDINGS, {"sasrec": "SASRec"})
    assert [setting.label for setting in found.settings] == ["SASRec", "SASRec, mix .6 .4", "miq"]
    assert {test.baseline for test in found.tests} == {"SASRec"}
    assert found.row("SASRec, mix .6 .4", "random-added", "FRBO@10").mean == pytest.approx(0.1)
