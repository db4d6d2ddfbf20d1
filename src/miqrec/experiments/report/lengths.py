"""Results by the length of the users' histories.

Runs leave no histories, so the data set of their config is opened again: if it is a named one,
only where it is at hand, as nothing is fetched for a report.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.data.named.listing import list_datasets
from miqrec.data.open import open_dataset
from miqrec.errors import MiqrecError
from miqrec.experiments.report.formatting import with_deviation
from miqrec.experiments.report.results import Results
from miqrec.experiments.report.tables import Cell, Table
from miqrec.statistics import spread


class LengthGroup(NamedTuple):
    """Users whose histories are about as long."""

    shortest: int
    longest: int
    rows: npt.NDArray[np.intp]  # their places among the users of the results


def length_groups(results: Results, data_dir: Path | None, cache: Path | None) -> list[LengthGroup]:
    """Quarters of the users by the length of the history before the test item.

    Raises:
        MiqrecError: the data are not at hand, or have changed since.
    """
    config = next(iter(results.configs.values()))
    if config.data.source is None:
        raise MiqrecError("the runs were made of a data frame, which is not saved with them")
    if not _at_hand(config.data.source, data_dir):
        raise MiqrecError(f"the data set {config.data.source} is not at hand; give --data-dir")
    dataset = open_dataset(config.data, data_dir=data_dir, cache=cache)
    if dataset.fingerprint != config.fingerprint:
        raise MiqrecError(f"the data set {config.data.source} has changed since the runs were made")
    return quarters(dataset.sequences.lengths[results.users] - 1)


def quarters(lengths: npt.NDArray[np.int64]) -> list[LengthGroup]:
    """At most four groups of (users,) lengths; users of the same length stay together."""
    edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75], method="lower"))
    number = np.searchsorted(edges, lengths)  # edges[i - 1] < length <= edges[i]
    members = [np.flatnonzero(number == i) for i in range(len(edges) + 1)]
    return [
        LengthGroup(int(lengths[rows].min()), int(lengths[rows].max()), rows)
        for rows in members
        if len(rows)
    ]


def length_table(results: Results, groups: Sequence[LengthGroup]) -> Table:
    """NDCG@10 for users with short and with long histories."""
    means = {
        system: [
            spread(results.values(system, "NDCG@10")[:, group.rows].mean(1)) for group in groups
        ]
        for system in results.systems()
    }
    best = [max(found[i].mean for found in means.values()) for i in range(len(groups))]
    rows = tuple(
        (
            Cell(results.outline.labels[system]),
            *(
                Cell(with_deviation(*cell), best=len(means) > 1 and cell.mean == top)
                for cell, top in zip(found, best, strict=True)
            ),
        )
        for system, found in means.items()
    )
    columns = tuple(_heading(group) for group in groups)
    sizes = ", ".join(f"{len(group.rows):,}" for group in groups)
    note = (
        f"Quarters of the users by the length of their history before the test item: {sizes} users."
    )
    return Table("NDCG@10 by length of history", ("", *columns), rows, (note,))


def _heading(group: LengthGroup) -> str:
    if group.shortest == group.longest:
        return f"{group.longest} item{'s' * (group.longest > 1)}"
    return f"{group.shortest} to {group.longest} items"


def _at_hand(source: str, data_dir: Path | None) -> bool:
    if Path(source).exists():
        return True
    return any(row.name == source and row.place for row in list_datasets(data_dir))
