"""A study of stability written down: a page in Markdown with its figures beside it."""

import json
from pathlib import Path

from miqrec.errors import MiqrecError
from miqrec.experiments.report import rendering
from miqrec.experiments.report.drawing import save_figure
from miqrec.experiments.stability.figures import CAPTIONS, stability_figures
from miqrec.experiments.stability.findings import FINDINGS, Findings
from miqrec.experiments.stability.tables import stability_tables
from miqrec.stability.measure import LISTED
from miqrec.system.files import replacing

PAGE = "stability.md"
CHOICE = "choice.json"
HEADING = "## Stability"

MEASURES = (
    f"FRBO@{LISTED} and Jaccard@{LISTED} say how alike two lists of {LISTED} are, from 0 to 1 for equal "
    "ones: FRBO weighs the first places most (arXiv 2307.13165), and Jaccard is the share of all their items "
    "that both have."
)


def check_own(folder: Path) -> None:
    """See that what a study's files would replace in a folder is of a study of stability too.

    Raises:
        MiqrecError: it is something else.
    """
    for name, is_own in {PAGE: _is_page, FINDINGS: _is_findings, CHOICE: _is_choice}.items():
        path = folder / name
        if path.is_file() and not is_own(path.read_text(encoding="utf-8", errors="replace")):
            raise MiqrecError(
                f"{path} was not written by `miqrec stability`; choose a new folder for --out"
            )


def write_page(findings: Findings, folder: Path) -> None:
    """Write the page and the figures, as SVG for pages and as PNG for everything else."""
    figures = stability_figures(findings)
    for name, figure in figures.items():
        for ending in ("svg", "png"):
            save_figure(figure, folder / f"{name}.{ending}")
    links = [f"![{CAPTIONS[name]}]({name}.svg)\n\n{CAPTIONS[name]}" for name in figures]
    with replacing(folder / PAGE) as partial:
        partial.write_text(to_markdown(findings, links), encoding="utf-8")


def to_markdown(findings: Findings, figures: list[str] | None = None) -> str:
    """Write what is measured and the tables, behind links to the figures where these are written too."""
    tables = [rendering.to_markdown(table) for table in stability_tables(findings)]
    return "\n\n".join([HEADING, *(figures or []), MEASURES, *tables]) + "\n"


def _is_page(text: str) -> bool:
    return text.startswith(HEADING)


def _is_findings(text: str) -> bool:
    content = _json(text)
    return isinstance(content, dict) and {"asked", "settings", "rows"} <= content.keys()


def _is_choice(text: str) -> bool:
    content = _json(text)
    return isinstance(content, list) and all(
        isinstance(choice, dict) and {"chosen", "candidates"} <= choice.keys() for choice in content
    )


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
