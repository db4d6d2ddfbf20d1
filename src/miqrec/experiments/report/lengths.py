"""Results by the length of the users' histories.

Runs leave no histories, so the data set that their config names is opened again. Nothing is fetched for
a report: a named data set has to be at hand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.data.named.listing import list_datasets
from miqrec.data.open import open_dataset
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError
from miqrec.experiments.formatting import with_deviation
from miqrec.experiments.report.results import Results
from miqrec.experiments.report.tables import Cell, Table
from miqrec.statistics import spread


class LengthGroup(NamedTuple):
    """Questions after histories that are about as long."""

    shortest: int
    longest: int
    rows: npt.NDArray[np.intp]  # the places of the questions among those of the results


def length_groups(results: Results, data_dir: Path | None, cache: Path | None) -> list[LengthGroup]:
    """Divide the questions into quarters by the length of the history before the test item.

    Raises:
        MiqrecError: the data are not at hand, or have changed since.
    """
    config = next(iter(results.configs.values()))
    if config.data.source is None:
        raise MiqrecError("the runs were made of a data frame, which is not saved with them")
    if not _at_hand(config.data.source, data_dir):
        raise MiqrecError(f"the data set {config.data.source} is not at hand; give --data-dir")
    splits = split(open_dataset(config.data, data_dir=data_dir, cache=cache), config.split)
    if splits.fingerprint != config.fingerprint:
        raise MiqrecError(f"the data set {config.data.source} has changed since the runs were made")
    return quarters(splits.test.lengths)


def quarters(lengths: npt.NDArray[np.int64]) -> list[LengthGroup]:
    """Divide (questions,) lengths into at most four groups; equal lengths stay together."""
    edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75], method="lower"))
    number = np.searchsorted(edges, lengths)  # edges[i - 1] < length <= edges[i]
    members = [np.flatnonzero(number == i) for i in range(len(edges) + 1)]
    return [
        LengthGroup(int(lengths[rows].min()), int(lengths[rows].max()), rows)
        for rows in members
        if len(rows)
    ]


def length_table(results: Results, groups: Sequence[LengthGroup]) -> Table:
    """Make systems x groups: NDCG@10 after short and after long histories."""
    spreads = {
        system: [
            spread(results.question_values(system, "NDCG@10")[:, group.rows].mean(1))
            for group in groups
        ]
        for system in results.systems()
    }
    best = [max(row[i].mean for row in spreads.values()) for i in range(len(groups))]
    rows = tuple(
        (
            Cell(results.study.labels[system]),
            *(
                Cell(with_deviation(*cell), best=len(spreads) > 1 and cell.mean == top)
                for cell, top in zip(row, best, strict=True)
            ),
        )
        for system, row in spreads.items()
    )
    columns = tuple(_heading(group) for group in groups)
    sizes = ", ".join(f"{len(group.rows):,}" for group in groups)
    asked = "users" if len(results.users) == results.n_users else "questions"
    note = f"Quarters of the {asked} by the length of the history before the test item: {sizes} {asked}."
    return Table("NDCG@10 by length of history", ("", *columns), rows, (note,))


def _heading(group: LengthGroup) -> str:
    if group.shortest == group.longest:
        return f"{group.longest} item{'s' * (group.longest > 1)}"
    return f"{group.shortest} to {group.longest} items"


def _at_hand(source: str, data_dir: Path | None) -> bool:
    if Path(source).exists():
        return True
    return any(row.name == source and row.place for row in list_datasets(data_dir))
