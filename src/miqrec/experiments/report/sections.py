"""The sections of a report, one a study: all that is to be written down, before anybody writes it."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.archive.read import find_studies, is_begun
from miqrec.experiments.report.comparisons import Comparison, compare_pairs
from miqrec.experiments.report.conclusion import conclude
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
from miqrec.experiments.stability.figures import stability_figures
from miqrec.experiments.stability.findings import Findings, read_findings, relabelled
from miqrec.experiments.stability.tables import stability_tables
from miqrec.system.environment import Environment

STABILITY = "stability"
"""The folder in a study's that `miqrec stability --out` wrote, if it did."""


class Section(NamedTuple):
    """A study's part of a report."""

    results: Results
    comparisons: list[Comparison]
    conclusion: str
    tables: list[Table]
    figures: dict[str, Figure]
    missing: list[str]  # a sentence for each thing that is not done or can't be said
    machines: list[str]
    commands: list[str]
    stability: Findings | None


def read_report(
    folder: Path,
    baseline: str | None = None,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> list[Section]:
    """Read a study, a folder of several studies, or any folder of runs.

    Args:
        folder: what `miqrec reproduce --out` or several `miqrec train --out` wrote into; the runs may
            have been packed.
        baseline: the system to compare all others with, in the place of the study's pairs.
        data_dir: where the named data sets are, for results by length of history.
        cache: a folder for prepared data sets.

    Raises:
        MiqrecError: no run is finished, or as `read_results`.
    """
    studies = [study for study in find_studies(folder) if study == folder or _reports(study)]
    return [_section(study, baseline, data_dir, cache) for study in studies or [folder]]


def _reports(study: Path) -> bool:
    """Warn of a study in a folder of several that has nothing to report."""
    if is_begun(study):
        return True
    warnings.warn(f"{study} is left out: none of its runs is finished", MiqrecWarning, stacklevel=4)
    return False


def _section(
    folder: Path, baseline: str | None, data_dir: Path | None, cache: Path | None
) -> Section:
    results = read_results(folder, baseline)
    comparisons = compare_pairs(results)
    tables = [results_table(results, comparisons)]
    if comparisons:
        tables.append(pairs_table(results, comparisons))
    tables.append(cost_table(results))
    if results.study.tuned:
        tables.append(tuning_table(results.study, results.study.tuned))
    missing = _missing(results)
    try:
        tables.append(length_table(results, length_groups(results, data_dir, cache)))
    except MiqrecError as error:
        missing.append(f"Results by length of history: {error}.")
    drawn = figures(results, comparisons)
    stability = read_findings(folder / STABILITY)
    if stability:
        stability = relabelled(stability, results.study.labels)
        tables += stability_tables(stability)
        drawn |= stability_figures(stability)
    return Section(
        results=results,
        comparisons=comparisons,
        conclusion=conclude(results, comparisons),
        tables=tables,
        figures=drawn,
        missing=missing,
        machines=_machines(results.environments),
        commands=_commands(results.environments, folder),
        stability=stability,
    )


def _missing(results: Results) -> list[str]:
    labels = results.study.labels
    sentences = []
    for system, seeds in results.missing.items():
        if system in results.ranks:
            named = ", ".join(str(seed) for seed in seeds)
            sentences.append(f"{labels[system]}: {_counted('seed', seeds)} not done ({named}).")
        else:
            sentences.append(f"{labels[system]}: not done.")
    return sentences + [
        f"{labels[pair.system]} against {labels[pair.baseline]}: not tested, and not among the tests "
        "that the correction is for."
        for pair in results.study.pairs
        if not {pair.system, pair.baseline} <= results.ranks.keys()
    ]


def _counted(word: str, things: Sequence[object]) -> str:
    return f"1 {word}" if len(things) == 1 else f"{len(things)} {word}s"


def _machines(environments: list[Environment]) -> list[str]:
    """Describe what the runs ran on, each kind of machine once, with the days."""
    days_by_kind: dict[str, list[str]] = {}
    for environment in environments:
        days_by_kind.setdefault(_kind(environment), []).append(environment.date[:10])
    return [
        f"{_counted('run', days)}, {' to '.join(sorted({min(days), max(days)}))}: {kind}"
        for kind, days in days_by_kind.items()
    ]


def _kind(environment: Environment) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    kind = (
        f"{environment.processor}, cores: {environment.cores}, threads: {environment.threads}, "
        f"device: {environment.device}, {environment.system}, Python {environment.python}, {packages}"
    )
    if environment.earlier_devices:
        kind += f"; begun on {', '.join(environment.earlier_devices)}"
    return kind


def _commands(environments: list[Environment], folder: Path) -> list[str]:
    """Return the runs' commands without the path to the folder on the machine they were typed on."""
    parent = f"{folder.absolute().parent}/"
    words = {
        environment.command.partition(" ")[2].replace(parent, "") for environment in environments
    }
    return sorted(f"miqrec {arguments}" for arguments in words)
