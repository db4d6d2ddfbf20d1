"""Progress is shown to a person who waits, on a terminal or in Jupyter, and to nobody else."""

import io

import pytest
from rich.console import Console

from miqrec.system import progress
from miqrec.system.progress import bar, track

PLACES = {
    "terminal": (Console(file=io.StringIO(), force_terminal=True), True),
    "Jupyter": (Console(file=io.StringIO(), force_jupyter=True), True),
    "file": (Console(file=io.StringIO(), force_terminal=False), False),
}


@pytest.mark.parametrize(("console", "shown"), PLACES.values(), ids=PLACES.keys())
def test_a_bar_is_shown_where_somebody_looks(monkeypatch, console, shown):
    monkeypatch.setattr(progress, "console", console)
    assert bar().disable is not shown


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_track_yields_every_part_and_shows_a_bar_once_it_has_taken_long(monkeypatch, patience):
    console = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr(progress, "console", console)
    monkeypatch.setattr(progress, "PATIENCE", patience)

    assert list(track(range(5), "ranking", 5)) == [0, 1, 2, 3, 4]
    assert ("ranking" in console.file.getvalue()) == (patience == 0.0)
