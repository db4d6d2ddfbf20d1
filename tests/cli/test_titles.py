"""Titles and ids of other people's data, in commands and in saved models."""

import polars as pl

from commands import miqrec
from miqrec import Recommender

RED = "\x1b[31mred"
LOG = pl.DataFrame({"user": [1, 1, 1, 2, 2, 2], "item": ["[/b]x", RED, "c", "[/b]x", "c", RED]})


def test_ids_that_look_like_markup_are_asked_for_and_listed(tmp_path):
    Recommender.fit(LOG, "popularity").save(tmp_path / "model")

    typed = miqrec("recommend", tmp_path / "model", "--history", "c", "--k", 2)
    named = miqrec("recommend", tmp_path / "model", "--history", "[/b]y", "--on-unknown", "error")

    assert typed.returncode == 0, typed.stderr
    assert "[/b]x" in typed.stdout
    assert "\\u001b[31mred" in typed.stdout
    assert "\x1b" not in typed.stdout
    assert "[/b]y" in named.stderr


def test_every_file_of_a_saved_model_may_be_read_by_the_same_people(tmp_path):
    Recommender.fit(LOG, "popularity").save(tmp_path / "model")

    modes = {path.stat().st_mode for path in (tmp_path / "model").iterdir()}

    assert len(modes) == 1
