"""A report as a page, as Markdown, as LaTeX, as JSON, or as a folder of all of them with its figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.report import rendering
from miqrec.experiments.report.drawing import inline_svg, save_figure
from miqrec.experiments.report.heat_map import is_grid
from miqrec.experiments.report.results import Results
from miqrec.experiments.report.sections import Section
from miqrec.experiments.stability.figures import CAPTIONS as STABILITY_CAPTIONS
from miqrec.statistics import spread
from miqrec.system.files import replacing, write_json
from miqrec.system.optional import optional

TEMPLATES = Path(__file__).parent / "templates"

CAPTIONS = {
    "learning-curves": "Validation NDCG@10 by epoch: the mean over the seeds that are still in "
    "training, with their standard deviation as a band.",
    "cost": "Test NDCG@10 against the time to fit, without pre-training, and against the number of "
    "parameters; the bars are the standard deviation of the score and the range of the time over seeds.",
    "differences": "Differences with their 95 % intervals over users and seeds; a dot is filled where "
    "p, over users and after Holm's correction, is below .05.",
    "heat-map-HR5": "HR@5 by window and embedding size; the best size of each window is framed.",
    "heat-map-HR10": "HR@10 by window and embedding size; the best size of each window is framed.",
    **STABILITY_CAPTIONS,
}


def check_ending(out: Path | None) -> None:
    """Check that a report can be written to `out`, before the work.

    Raises:
        MiqrecError: the ending is none of a report's.
    """
    if out and out.suffix not in ("", ".html", ".md", ".tex"):
        raise MiqrecError(
            f"{out} ends in none of .html, .md and .tex; a name without ending is a folder"
        )


def write_report(sections: Sequence[Section], out: Path) -> None:
    """Write what the ending of `out` says: .html, .md, .tex, or without one a folder of all.

    Raises:
        MiqrecError: the ending is another one.
    """
    check_ending(out)
    if not out.suffix:
        _write_folder(sections, out)
        return
    write = {".html": to_page, ".md": to_markdown, ".tex": to_latex}[out.suffix]
    with replacing(out) as partial:
        partial.write_text(write(sections), encoding="utf-8")


def to_page(sections: Sequence[Section]) -> str:
    """Write one HTML page that needs no other file."""
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
    """Write the conclusions and the tables."""
    parts = []
    for section in sections:
        study = section.results.study
        parts += [f"## {study.title}", section.conclusion, study.caption]
        parts += [rendering.to_markdown(table) for table in section.tables]
        if section.missing:
            lines = "\n".join(f"- {sentence}" for sentence in section.missing)
            parts.append(f"### Not done\n\n{lines}")
        lines = "\n".join(f"- {machine}" for machine in section.machines)
        parts.append(f"### Machines\n\n{lines}")
    return "\n\n".join(part for part in parts if part) + "\n"


def to_latex(sections: Sequence[Section]) -> str:
    """Write the tables for a document that uses the package booktabs."""
    tables = [rendering.to_latex(table) for section in sections for table in section.tables]
    return "\n\n".join(["% \\usepackage{booktabs}", *tables]) + "\n"


def to_json(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Return for machines what the tables say; a number that there is not is None."""
    content = json.dumps([_content(section) for section in sections])
    # a single seed's deviation is nan, which JSON has no word for
    converted: list[dict[str, Any]] = json.loads(content, parse_constant=lambda _: None)
    return converted


def _content(section: Section) -> dict[str, Any]:
    results, tuned = section.results, section.results.study.tuned
    return {
        "study": results.study.name,
        "title": results.study.title,
        "conclusion": section.conclusion,
        "n_users": results.n_users,
        "n_questions": len(results.users),
        "targets": results.targets._asdict(),
        "systems": {system: _system(results, system) for system in results.systems()},
        "comparisons": [
            comparison._asdict() | {"verdict": comparison.verdict}
            for comparison in section.comparisons
        ],
        "tuning": tuned and tuned.tuning.model_dump(mode="json") | {"chosen": tuned.chosen},
        "runs": results.runs.to_dicts(),
        "missing": section.missing,
        "commands": section.commands,
        "stability": section.stability and section.stability.model_dump(mode="json"),
    }


def _system(results: Results, system: str) -> dict[str, Any]:
    scores = {
        metric: spread(results.values(system, metric).mean(1))._asdict() for metric in METRICS
    }
    return {
        "label": results.study.labels[system],
        "seeds": len(results.ranks[system]),
        "test": scores,
        "paper": results.study.paper.get(system, {}),
    }


def _write_folder(sections: Sequence[Section], out: Path) -> None:
    """Write file by file, so that other files in the folder stay."""
    for ending in ("html", "md", "tex"):
        write_report(sections, out / f"report.{ending}")
    write_json(out / "report.json", to_json(sections))
    for section in sections:
        for name, figure in section.figures.items():
            for ending in ("svg", "png"):
                save_figure(figure, out / f"{section.results.study.name}-{name}.{ending}")
