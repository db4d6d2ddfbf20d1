"""Users in quarters by the length of their history, for results by length.

Runs leave no histories, so the data set of their config is opened again: if it is a named one,
only where it is at hand, as nothing is fetched for a report.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.data import datasets
from miqrec.data.source import open_source
from miqrec.errors import MiqrecError
from miqrec.experiments.results import Results


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
    dataset = open_source(
        config.data.source, config.data, config.data.items, data_dir=data_dir, cache=cache
    )
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


def _at_hand(source: str, data_dir: Path | None) -> bool:
    if Path(source).exists():
        return True
    return any(row.name == source and row.found for row in datasets.describe(data_dir))
