"""The code of the pages about adapters runs, from the top of a page to its end."""

import re
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "adapters"


def code_of(page: Path) -> str:
    return "\n".join(
        re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("pytorch", "torch"),
        ("huggingface", "transformers"),
        ("rectools", "rectools"),
        ("replay", "replay"),
        ("recbole", "recbole"),
    ],
)
def test_the_code_of_a_page_runs(name, package, tmp_path, monkeypatch):
    pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["page"])  # RecBole reads the command line
    exec(compile(code_of(PAGES / f"{name}.md"), f"{name}.md", "exec"), {"__name__": name})
