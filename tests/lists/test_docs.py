"""The page on lists: its commands and its code run, in their order."""

import re
import shlex
from pathlib import Path

import pytest

from commands import miqrec
from miqrec import Recommender
from worlds import cycle, frame

PAGE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A folder with a trained model and tonight's log."""
    monkeypatch.chdir(tmp_path)
    sizes = {"dim": 16, "n_layers": 1, "max_length": 10, "epochs": 1, "dropout": 0.0}
    Recommender.fit(frame(cycle()), model="sasrec", **sizes).save("runs/shop")
    frame(cycle()).write_parquet("log.parquet")
    (tmp_path / "recs").mkdir()
    return tmp_path


def test_the_commands_and_the_code_of_the_page_run(shop):
    pytest.importorskip("faiss")
    for command in re.findall(r"^    miqrec (.+)$", PAGE, re.MULTILINE):
        done = miqrec(*shlex.split(command))
        assert done.returncode == 0, done.stderr
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    world: dict[str, object] = {}
    exec(compile(code, "lists.md", "exec"), world)
    assert world["lists"].columns == ["user", "item", "title", "score", "rank", "source"]
    assert f"{world['drift']:.2f}" == "0.68"
    chance = world["chance_level"](
        *map(world["length_counts"], (world["yesterday"], world["today"]))
    )
    assert f"{chance:.2f}" == "0.22"
    assert {path.name for path in (shop / "recs").iterdir()} == {
        *("today", "tomorrow", "indexed", "python")
    }
