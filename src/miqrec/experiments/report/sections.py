"""A report: what a folder of runs amounts to, from which pages, tables and numbers are written."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.report.comparisons import Comparison, compare_pairs
from miqrec.experiments.report.conclusion import finding
from miqrec.experiments.report.contents import Searched
from miqrec.experiments.report.drawing import Figure
from miqrec.experiments.report.figures import figures
from miqrec.experiments.report.lengths import length_groups, length_table
from miqrec.experiments.report.results import Results, read_results
from miqrec.experiments.report.tables import (
    Table,
    cost_table,
    pairs_table,
    results_table,
    tuning_table,
)
from miqrec.statistics import spread
from miqrec.system.environment import Environment


class Section(NamedTuple):
    """One study's part of a report."""

    results: Results
    comparisons: list[Comparison]
    finding: str
    tables: list[Table]
    figures: dict[str, Figure]
    missing: list[str]  # a sentence for each thing that is not done or not known
    machines: list[str]
    commands: list[str]


def read_report(
    folder: Path,
    baseline: str | None = None,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> list[Section]:
    """Read a study's folder, a folder of several studies, or any folder of runs.

    Args:
        folder: what `miqrec reproduce --out` or several `miqrec train --out` wrote into.
        baseline: the system to compare all others with, in the place of the study's pairs.
        data_dir: where the named data sets are, for results by length of history.
        cache: a folder for prepared data sets.

    Raises:
        MiqrecError: no run is finished, or as `read_results` does.
    """
    if not folder.is_dir():
        raise MiqrecError(f"there is no folder {folder}")
    studies = [folder] if (folder / "study.json").is_file() else _inside(folder)
    return [_section(study, baseline, data_dir, cache) for study in studies or [folder]]


def numbers(section: Section) -> dict[str, Any]:
    """Everything that a section's tables say, for machines; what is not known is null."""
    results = section.results
    content = {
        "study": results.outline.name,
        "title": results.outline.title,
        "finding": section.finding,
        "n_users": len(results.users),
        "systems": {system: _system(results, system) for system in results.systems()},
        "comparisons": [
            found._asdict() | {"verdict": found.verdict} for found in section.comparisons
        ],
        "tuning": _tuning(results.outline.searched),
        "runs": results.runs.to_dicts(),
        "missing": section.missing,
        "commands": section.commands,
    }
    # a deviation of one seed is not a number, which JSON has no word for
    return dict(json.loads(json.dumps(content), parse_constant=lambda _: None))


def _tuning(searched: Searched | None) -> dict[str, Any] | None:
    if searched is None:
        return None
    return searched.tuning.model_dump(mode="json") | {"found": searched.found}


def _inside(folder: Path) -> list[Path]:
    """The studies in a folder of several; one without a finished run is left out."""
    studies = sorted(path.parent for path in folder.glob("*/study.json"))
    begun = [study for study in studies if any(study.glob("*/seed-*/metrics.json"))]
    for study in studies:
        if study not in begun:
            message = f"{study} is left out: none of its runs is finished"
            warnings.warn(message, MiqrecWarning, stacklevel=3)
    return begun


def _section(
    folder: Path, baseline: str | None, data_dir: Path | None, cache: Path | None
) -> Section:
    results = read_results(folder, baseline)
    comparisons = compare_pairs(results)
    tables = [results_table(results, comparisons)]
    if comparisons:
        tables.append(pairs_table(results, comparisons))
    tables.append(cost_table(results))
    if results.outline.searched:
        tables.append(tuning_table(results.outline, results.outline.searched))
    missing = _missing(results)
    try:
        tables.append(length_table(results, length_groups(results, data_dir, cache)))
    except MiqrecError as error:
        missing.append(f"Results by length of history: {error}.")
    return Section(
        results=results,
        comparisons=comparisons,
        finding=finding(results, comparisons),
        tables=tables,
        figures=figures(results, comparisons),
        missing=missing,
        machines=_machines(results.environments),
        commands=_commands(results.environments, folder),
    )


def _missing(results: Results) -> list[str]:
    labels = results.outline.labels
    sentences = []
    for system, seeds in results.missing.items():
        if system in results.ranks:
            named = ", ".join(str(seed) for seed in seeds)
            sentences.append(f"{labels[system]}: {_counted('seed', seeds)} not done ({named}).")
        else:
            sentences.append(f"{labels[system]}: not done.")
    for pair in results.outline.pairs:
        absent = [name for name in (pair.system, pair.baseline) if name not in results.ranks]
        if absent:
            sentences.append(
                f"{labels[pair.system]} against {labels[pair.baseline]}: not tested, and not among "
                "the tests that the correction is for."
            )
    return sentences


def _counted(word: str, things: Sequence[object]) -> str:
    return f"1 {word}" if len(things) == 1 else f"{len(things)} {word}s"


def _machines(environments: list[Environment]) -> list[str]:
    """What the runs ran on, each kind of machine once, with the days."""
    kinds: dict[str, list[str]] = {}
    for there in environments:
        packages = ", ".join(f"{name} {version}" for name, version in there.packages.items())
        kind = (
            f"{there.processor}, cores: {there.cores}, threads: {there.threads}, device: "
            f"{there.device}, {there.system}, Python {there.python}, {packages}"
        )
        if there.earlier_devices:
            kind += f"; begun on {', '.join(there.earlier_devices)}"
        kinds.setdefault(kind, []).append(there.date[:10])
    return [
        f"{_counted('run', days)}, {' to '.join(sorted({min(days), max(days)}))}: {kind}"
        for kind, days in kinds.items()
    ]


def _commands(environments: list[Environment], folder: Path) -> list[str]:
    """Without the script that started them, and without the way to the folder on that machine."""
    way = f"{folder.absolute().parent}/"
    words = {there.command.partition(" ")[2].replace(way, "") for there in environments}
    return sorted(f"miqrec {arguments}" for arguments in words)


def _system(results: Results, system: str) -> dict[str, Any]:
    scores = {
        metric: spread(results.values(system, metric).mean(1))._asdict() for metric in METRICS
    }
    return {
        "label": results.outline.labels[system],
        "seeds": len(results.ranks[system]),
        "test": scores,
        "paper": results.outline.paper.get(system, {}),
    }
