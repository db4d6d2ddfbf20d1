"""Other people's text on a terminal: as it is, with what a terminal would obey made visible."""

import io
import sys

import pytest

from miqrec.cli import output
from miqrec.system.terminal import print_whatever_comes, visible

TITLES = {
    "markup": ("[/b]x [red]y", "[/b]x [red]y"),
    "an emoji code": (":heart:", ":heart:"),
    "an escape code": ("\x1b[31mred\x1b]0;title\x07", r"\u001b[31mred\u001b]0;title\u0007"),
    "a code of eight bits": ("\x9b2J", r"\u009b2J"),
    "a turn of direction": ("abc\u202edef", r"abc\u202edef"),
    "a carriage return": ("good\rbad", r"good\u000dbad"),
    "letters of every kind": ("Amélie 千と千尋 🎬", "Amélie 千と千尋 🎬"),
}


@pytest.mark.parametrize(("title", "shown"), TITLES.values(), ids=TITLES)
def test_a_title_is_shown_as_it_is(title, shown, monkeypatch):
    printed = io.StringIO()
    monkeypatch.setattr(output.console, "_file", printed)
    table = output.compact_table("title", title=title, caption=title)
    table.add_row(title)

    output.console.print(table)
    output.console.print(title)

    assert printed.getvalue().count(shown) == 4
    assert visible(title) == shown


def test_json_stays_json_with_titles_of_every_kind(monkeypatch):
    for encoding in ("utf-8", "cp1252"):
        pipe = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", pipe)
        print_whatever_comes()
        content = [title for title, _ in TITLES.values()]

        output.print_json(content)

        pipe.seek(0)
        assert output.json.loads(pipe.read()) == content


def test_what_a_pipe_has_no_character_for_is_printed_as_a_code(monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", pipe)

    print_whatever_comes()
    print("Amélie 千")

    pipe.seek(0)
    assert pipe.read() == "Amélie \\u5343\n"
