"""A report as files: the page needs no other, and each ending has its form."""

import json
import re
from html.parser import HTMLParser

import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.report.sections import read_report
from miqrec.experiments.report.writing import to_latex, to_markdown, to_page, write_report
from studies import compared, write_run

VOID = {"meta", "link", "br", "hr", "img", "input"}


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    return read_report(compared(tmp_path_factory.mktemp("runs") / "table-x"))


class Tags(HTMLParser):
    """The tags of a page, and whether each that is opened is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_no_other_file(sections):
    page = to_page(sections)
    tags = Tags()
    tags.feed(page)

    assert tags.open == []
    names = [tag for tag, _ in tags.seen]
    assert names.count("svg") == len(sections[0].figures) == 3
    assert not {"script", "img", "link", "iframe"} & set(names)
    assert not [attributes for _, attributes in tags.seen if "src" in attributes]
    assert not re.search(r"url\((?!#)|@import", page)
    assert "prefers-color-scheme: dark" in page


def test_the_page_says_what_the_sections_say(sections):
    page = to_page(sections)

    assert "<h1>Table X</h1>" in page
    assert "MIQ<sub>F</sub> is better than SASRec<sub>F</sub>" in page
    assert "<small>(.0578)</small>" in page
    assert "Results by length of history" in page
    assert "<pre>miqrec " in page


def test_what_a_study_says_can_not_become_a_part_of_the_page(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=1)
    study = json.loads((folder / "study.json").read_text())
    study["title"] = study["caption"] = "<script>alert(1)</script>"
    (folder / "study.json").write_text(json.dumps(study))

    assert "<script" not in to_page(read_report(folder))


def test_a_grid_shows_its_figures_first(sections, tmp_path):
    for window, dim in ((1, 8), (1, 16), (3, 8), (3, 16)):
        folder = tmp_path / f"w{window}-d{dim}"
        write_run(folder, [1, 100, 100], "miq-sasrec", window=window, dim=dim)
    grid = to_page(read_report(tmp_path))
    table = to_page(sections)

    assert grid.index("<figure>") < grid.index("<table>")
    assert table.index("<table>") < table.index("<figure>")


def test_several_studies_share_a_page_with_a_way_to_each(sections):
    page = to_page([*sections, *sections])

    assert page.count('<section id="table-x">') == 2
    assert page.count('<a href="#table-x">') == 2


def test_markdown_and_latex_have_every_table(sections):
    assert to_markdown(sections).count("| --- |") == len(sections[0].tables)
    assert to_latex(sections).count(r"\toprule") == len(sections[0].tables)
    assert "### Not done" in to_markdown(sections)


@pytest.mark.parametrize(
    ("name", "start"),
    [("r.html", "<!doctype html>"), ("r.md", "## Table X"), ("r.tex", "% \\usepackage{booktabs}")],
)
def test_the_ending_decides(sections, tmp_path, name, start):
    write_report(sections, tmp_path / name)

    assert (tmp_path / name).read_text().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_gets_everything_and_keeps_what_it_has(sections, tmp_path):
    (tmp_path / "mine.txt").touch()
    write_report(sections, tmp_path)

    figures = [
        f"table-x-{name}.{ending}" for name in sections[0].figures for ending in ("svg", "png")
    ]
    tables = ["report.html", "report.md", "report.tex", "report.json", "mine.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(figures + tables)


def test_another_ending_is_refused(sections, tmp_path):
    with pytest.raises(MiqrecError, match=r"ends in none of \.html, \.md and \.tex"):
        write_report(sections, tmp_path / "report.pdf")
