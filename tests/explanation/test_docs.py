"""The code of the page on explanations runs, from its top to its end."""

import re
from pathlib import Path

import polars as pl

from miqrec import Recommender
from miqrec.testing.frames import circle

PAGE = Path(__file__).parents[2] / "docs" / "explanations.md"


def test_the_code_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(
        re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    )
    named = re.search(r"history = \[(.*)\]", code)[1].replace('"', "").split(", ")
    names = {f"item {number:02}": name for number, name in enumerate(named)}
    log = circle().with_columns(pl.col("item").replace(names))
    rec = Recommender.fit(log, "miq-sasrec", window=5, dim=16, max_length=20, epochs=1)
    rec.save("runs/demo/miq-sasrec")

    exec(compile(code, PAGE.name, "exec"), {})

    told = capsys.readouterr().out
    assert "rank_without" in told
    assert "share" in told
