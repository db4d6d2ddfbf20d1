"""A pack: a study's finished runs in three files beside its `study.json`, without their models.

`runs.json` has an entry for each run, with its config, metrics and environment as the run wrote them.
`history.parquet` has the epochs of all runs and `ranks.parquet` the ranks of their test items, with the
columns `system` and `seed` beside those of the runs' own files. A pre-training has an entry and epochs
too, but no seed, no metrics and no ranks.

Only what `runs.json` names is in the pack, and that file is replaced last: a process that is killed
while it adds runs leaves the pack as it was.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from polars import selectors
from pydantic import Field

from miqrec.config import C, Config, check_format, parse_config, read_config
from miqrec.errors import MiqrecError
from miqrec.experiments.archive.records import RunRecord, ordered_ranks
from miqrec.experiments.archive.tables import Key, divide, equal, sort_by_question, stack
from miqrec.runs.config import PretrainingRunConfig, RunConfig
from miqrec.runs.folder import Metrics
from miqrec.system.checksums import KEY, read_checked, with_checksums
from miqrec.system.environment import Environment
from miqrec.system.files import replacing
from miqrec.system.tables import read_frame

FORMAT = 2
"""The version of the files; format 1 had no checksums."""

REMEDY = "restore it from a copy"

RUNS, HISTORY, RANKS = "runs.json", "history.parquet", "ranks.parquet"

WHOSE = "a pack's"


class Entry(Config):
    """A run's entry in `runs.json`."""

    system: str  # or the pre-training's name
    seed: int | None  # None for a pre-training
    config: dict[str, Any]
    metrics: dict[str, Any] | None  # None for a pre-training
    environment: dict[str, Any]
    checksums: dict[str, str] = Field(default_factory=dict)  # of its rows, by the file's name

    @property
    def key(self) -> Key:
        """What tells the run from the others of its study."""
        return self.system, self.seed


class PackedRun(NamedTuple):
    """The settings of a packed run, and its scores; a pre-training has none."""

    config: RunConfig | PretrainingRunConfig
    metrics: Metrics | None


class RunFiles(NamedTuple):
    """All that a pack keeps of a run, as the run's own files have it."""

    entry: Entry
    history: pl.DataFrame
    ranks: pl.DataFrame

    def tables(self) -> tuple[tuple[str, pl.DataFrame], ...]:
        """Return its rows of each of the pack's tables."""
        return (HISTORY, self.history), (RANKS, self.ranks)

    def equal(self, other: "RunFiles") -> bool:
        """Whether the other has the same content."""
        same_entry = self.entry == other.entry
        return same_entry and equal(self.history, other.history) and equal(self.ranks, other.ranks)


class _Index(Config):
    format: int
    miqrec: str
    runs: tuple[Entry, ...]
    checksums: dict[str, str] = Field(default_factory=dict)  # of this file itself


def run_folder(study: Path, key: Key) -> Path:
    """Name the folder that a run of a study has where it isn't packed."""
    system, seed = key
    return study / "pretraining" / system if seed is None else study / system / f"seed-{seed}"


def read_entries(study: Path) -> dict[Key, Entry]:
    """Read which runs a study's pack holds: none where there is no pack.

    Raises:
        MiqrecError: `runs.json` is damaged or of a newer version.
    """
    path = study / RUNS
    if not path.is_file():
        return {}
    check_format(path, WHOSE, FORMAT)
    return _by_key(read_checked(path, _Index, WHOSE, REMEDY))


def read_pack(study: Path) -> dict[Key, RunFiles]:
    """Read all that a study's pack holds: nothing where there is no pack.

    Raises:
        MiqrecError: a file of the pack is missing, damaged or of a newer version.
    """
    entries = read_entries(study)
    if not entries:
        return {}
    runs = _assembled(entries, read_frame(study / HISTORY), read_frame(study / RANKS))
    return {key: _checked(study, run) for key, run in runs.items()}


def read_packed_runs(study: Path) -> dict[Key, PackedRun]:
    """Read the settings and scores of what a study's pack holds, and not its tables.

    Raises:
        MiqrecError: `runs.json` is damaged or of a newer version.
    """
    return {key: _packed_run(study, entry) for key, entry in read_entries(study).items()}


def read_packed_records(study: Path) -> list[RunRecord]:
    """Read the runs of a study's pack; its pre-trainings are left out.

    Raises:
        MiqrecError: as `read_pack`.
    """
    return [
        RunRecord(
            system=system,
            seed=seed,
            folder=run_folder(study, (system, seed)),
            config=_parsed(study, files.entry.config, RunConfig),
            metrics=_parsed(study, files.entry.metrics or {}, Metrics),
            environment=_parsed(study, files.entry.environment, Environment),
            history=files.history,
            ranks=ordered_ranks(files.ranks, study / RANKS),
        )
        for (system, seed), files in read_pack(study).items()
        if seed is not None
    ]


def write_pack(study: Path, runs: Iterable[RunFiles]) -> None:
    """Write the pack of a study; the old one stays until the new one has been read back.

    Raises:
        MiqrecError: the new pack reads otherwise than what was packed; nothing has changed.
    """
    ordered = sorted(runs, key=lambda run: (run.entry.system, run.entry.seed or 0))
    with (
        replacing(study / RUNS) as to_runs,  # the first to be opened is the last to take its place
        replacing(study / HISTORY) as to_history,
        replacing(study / RANKS) as to_ranks,
    ):
        history = stack((run.entry.key, run.history) for run in ordered)
        ranks = sort_by_question(stack((run.entry.key, run.ranks) for run in ordered))
        history.write_parquet(to_history)
        ranks.write_parquet(to_ranks)
        index = _index(_assembled({run.entry.key: run.entry for run in ordered}, history, ranks))
        content = with_checksums(index.model_dump(mode="json", exclude={KEY}), RUNS)
        text = json.dumps(content, indent=1, ensure_ascii=False)
        to_runs.write_text(text + "\n", encoding="utf-8")
        entries = _by_key(read_config(to_runs, _Index, WHOSE))
        scan = partial(pl.read_parquet, glob=False)
        read = _assembled(entries, scan(to_history), scan(to_ranks))
        _check_same(study, ordered, {key: _checked(study, run) for key, run in read.items()})


def _check_same(study: Path, runs: Iterable[RunFiles], written: Mapping[Key, RunFiles]) -> None:
    for run in runs:
        if not run.equal(written[run.entry.key]):
            raise MiqrecError(
                f"{run_folder(study, run.entry.key)} would not be the same in the pack, so nothing "
                "is packed; move it elsewhere, and pack the others"
            )


def _index(runs: Mapping[Key, RunFiles]) -> _Index:
    """List the runs with the checksums of their rows."""
    entries = tuple(
        run.entry.model_copy(
            update={"checksums": {name: _digest(rows) for name, rows in run.tables()}}
        )
        for run in runs.values()
    )
    return _Index(format=FORMAT, miqrec=version("miqrec"), runs=entries)


def _digest(rows: pl.DataFrame) -> str:
    """Return the SHA-256 (hex) of values, whatever kind of number a file has them as."""
    values = rows.cast({selectors.numeric(): pl.Float64}).to_dict(as_series=False)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _checked(study: Path, run: RunFiles) -> RunFiles:
    """See that a run's rows are what was packed; in format 1 nothing says so."""
    sums = run.entry.checksums
    for name, rows in run.tables():
        if sums and sums.get(name) != _digest(rows):
            raise MiqrecError(f"{study / name} is damaged or was altered; {REMEDY}")
    return run._replace(entry=run.entry.model_copy(update={"checksums": {}}))


def _by_key(index: _Index) -> dict[Key, Entry]:
    return {entry.key: entry for entry in index.runs}


def _assembled(
    entries: Mapping[Key, Entry], history: pl.DataFrame, ranks: pl.DataFrame
) -> dict[Key, RunFiles]:
    """Give each entry its rows of the tables."""
    histories, all_ranks, nothing = divide(history), divide(ranks), pl.DataFrame()
    return {
        key: RunFiles(entry, histories.get(key, nothing), all_ranks.get(key, nothing))
        for key, entry in entries.items()
    }


def _packed_run(study: Path, entry: Entry) -> PackedRun:
    if entry.seed is None:
        return PackedRun(_parsed(study, entry.config, PretrainingRunConfig), None)
    metrics = _parsed(study, entry.metrics or {}, Metrics)
    return PackedRun(_parsed(study, entry.config, RunConfig), metrics)


def _parsed(study: Path, content: dict[str, Any], kind: type[C]) -> C:
    return parse_config(content, kind, study / RUNS, WHOSE)
