"""A study of stability written down: a page in Markdown with its figures beside it."""

from pathlib import Path

from miqrec.experiments.report import rendering
from miqrec.experiments.report.drawing import save_figure
from miqrec.experiments.stability.figures import CAPTIONS, stability_figures
from miqrec.experiments.stability.findings import Findings
from miqrec.experiments.stability.tables import stability_tables
from miqrec.system.files import replacing

PAGE = "stability.md"


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
    """Write the tables, behind links to the figures where these are written too."""
    tables = [rendering.to_markdown(table) for table in stability_tables(findings)]
    return "\n\n".join(["## Stability", *(figures or []), *tables]) + "\n"
