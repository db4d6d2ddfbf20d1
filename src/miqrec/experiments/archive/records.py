"""What a finished run has left, wherever it is kept."""

from pathlib import Path
from typing import NamedTuple

import polars as pl

from miqrec.errors import MiqrecError
from miqrec.runs.config import RunConfig
from miqrec.runs.folder import Metrics
from miqrec.system.environment import Environment

RANK_COLUMNS = ("question", "user", "target", "rank")


class RunRecord(NamedTuple):
    """A finished run: its settings, its scores and what it ran on."""

    system: str
    seed: int
    folder: Path  # the run's folder; of a packed run, the one that it was packed from
    config: RunConfig
    metrics: Metrics
    environment: Environment
    history: pl.DataFrame  # a row an epoch; empty for a model that only counts
    ranks: pl.DataFrame  # `RANK_COLUMNS`, a row a question of the test split, in their order


def check_columns(table: pl.DataFrame, path: Path, *columns: str) -> None:
    """Check that a table has these columns.

    Raises:
        MiqrecError: one is missing; the sentence names the file that was read.
    """
    for name in columns:
        if name not in table.columns:
            raise MiqrecError(f"{path} lacks the column {name}; restore it")


def ordered_ranks(ranks: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Order the rows by question and the columns as in `RANK_COLUMNS`.

    Files from before a user could be asked several questions have no column `question`: there the
    questions are numbered in the order of the users.

    Args:
        ranks: what a run wrote.
        path: where that was read, for the sentence of an error.

    Raises:
        MiqrecError: a column is missing.
    """
    check_columns(ranks, path, *RANK_COLUMNS[1:])
    if "question" not in ranks.columns:
        ranks = ranks.sort("user").with_row_index("question")
    return ranks.select(pl.col("question").cast(pl.Int64), *RANK_COLUMNS[1:]).sort("question")
