"""A report as a page, as Markdown, as LaTeX, or as a folder of all of them with its figures."""

from collections.abc import Sequence
from pathlib import Path

from miqrec.errors import MiqrecError
from miqrec.experiments.report import rendering
from miqrec.experiments.report.drawing import inline_svg, save_figure
from miqrec.experiments.report.heat_map import is_grid
from miqrec.experiments.report.sections import Section, numbers
from miqrec.system.files import replacing, write_json
from miqrec.system.optional import optional

TEMPLATES = Path(__file__).parent / "templates"

CAPTIONS = {
    "learning-curves": "Validation NDCG@10 by epoch: the mean of the seeds that are still in "
    "training, the band their standard deviation.",
    "cost": "Test NDCG@10 against the time to fit, without pre-training, and the number of "
    "parameters, over seeds: bars are the score's standard deviation and the range of the time.",
    "differences": "Differences with their 95 % intervals over users and seeds; a filled dot is "
    "beyond luck after Holm's correction.",
    "heat-map-HR5": "HR@5 by window and embedding size; framed: the best size of each window.",
    "heat-map-HR10": "HR@10 by window and embedding size; framed: the best size of each window.",
}


def check_ending(out: Path | None) -> None:
    """See that a report can be written there, before the work.

    Raises:
        MiqrecError: an ending that is none of a report's.
    """
    if out and out.suffix not in ("", ".html", ".md", ".tex"):
        raise MiqrecError(
            f"{out} ends in none of .html, .md and .tex; a name without ending is a folder"
        )


def write_report(sections: Sequence[Section], out: Path) -> None:
    """Write what the ending of `out` says: .html, .md, .tex, or without one a folder of all.

    Raises:
        MiqrecError: another ending.
    """
    check_ending(out)
    if not out.suffix:
        _write_folder(sections, out)
        return
    write = {".html": to_page, ".md": to_markdown, ".tex": to_latex}[out.suffix]
    with replacing(out) as partial:
        partial.write_text(write(sections), encoding="utf-8")


def to_page(sections: Sequence[Section]) -> str:
    """One HTML page that needs no other file."""
    jinja, markup = optional("jinja2"), optional("markupsafe").Markup
    environment = jinja.Environment(
        loader=jinja.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": lambda cell: markup(rendering.to_html(cell)),
        "label": lambda text: markup(rendering.html(text)),
        "svg": lambda figure: markup(inline_svg(figure)),
    }
    template = environment.get_template("report.html")
    page: str = template.render(sections=sections, captions=CAPTIONS, is_grid=is_grid)
    return page


def to_markdown(sections: Sequence[Section]) -> str:
    """Findings and tables."""
    parts = []
    for section in sections:
        outline = section.results.outline
        parts += [f"## {outline.title}", section.finding, outline.caption]
        parts += [rendering.to_markdown(table) for table in section.tables]
        if section.missing:
            lines = "\n".join(f"- {sentence}" for sentence in section.missing)
            parts.append(f"### Not done\n\n{lines}")
        lines = "\n".join(f"- {machine}" for machine in section.machines)
        parts.append(f"### Machines\n\n{lines}")
    return "\n\n".join(part for part in parts if part) + "\n"


def to_latex(sections: Sequence[Section]) -> str:
    """Tables for a document that uses the package booktabs."""
    tables = [rendering.to_latex(table) for section in sections for table in section.tables]
    return "\n\n".join(["% \\usepackage{booktabs}", *tables]) + "\n"


def _write_folder(sections: Sequence[Section], out: Path) -> None:
    """Written file by file, so that what else is in the folder stays."""
    for ending in ("html", "md", "tex"):
        write_report(sections, out / f"report.{ending}")
    write_json(out / "numbers.json", [numbers(section) for section in sections])
    for section in sections:
        for name, figure in section.figures.items():
            for ending in ("svg", "png"):
                save_figure(figure, out / f"{section.results.outline.name}-{name}.{ending}")
