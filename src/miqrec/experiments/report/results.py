"""The results of a folder of runs: small tables, and ranks aligned over systems and seeds.

Only what runs leave is read, and never a model or the data that it was trained on.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import metric_values
from miqrec.experiments.archive.read import StoredRuns, read_runs
from miqrec.experiments.archive.records import RunRecord
from miqrec.experiments.report.description import Description, describe
from miqrec.runs.config import RunConfig
from miqrec.statistics import per_user
from miqrec.system.environment import Environment

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


class TargetCounts(NamedTuple):
    """Questions that stand out, each None where the runs are from before it was counted."""

    seen: int | None  # the target is in the history already
    unknown: int | None  # the target is outside the catalogue
    without_history: int | None  # nothing that is known came before


class Results(NamedTuple):
    """Everything that tables and figures are made of, for the systems with a finished run."""

    study: Description
    runs: pl.DataFrame  # a row a finished run: system, seed, device, cost, sizes and test metrics
    history: pl.DataFrame  # a row an epoch: system, seed, epoch and validation NDCG@10
    ranks: dict[str, Integers]  # by system, (seeds, questions), the questions alike for all
    users: Integers  # (questions,) the internal number of the user of each question
    targets: TargetCounts
    configs: dict[str, RunConfig]  # by system, of its first seed
    environments: list[Environment]  # in the order of `runs`
    missing: dict[str, list[int]]  # by system, the seeds that others have and it has not

    @property
    def n_users(self) -> int:
        """How many users were asked about."""
        return len(np.unique(self.users))

    def systems(self) -> list[str]:
        """List the systems with a finished run, in the order of tables."""
        return list(self.ranks)

    def timed(self) -> pl.DataFrame:
        """Select the runs whose times compare: those made wholly on the device that most were made on."""
        devices = self.runs["device"].drop_nulls()
        return self.runs.filter(pl.col("device").is_in(devices.mode().sort()[:1].implode()))

    def question_values(self, system: str, metric: str) -> Values:
        """Return the metric's value of each question, (seeds, questions)."""
        values: Values = metric_values(torch.from_numpy(self.ranks[system]), metric).numpy()
        return values

    def values(self, system: str, metric: str) -> Values:
        """Return the metric's value of each user as the tests want it, (seeds, users).

        Users are in the order of their numbers; see `miqrec.statistics.per_user`.
        """
        return per_user(self.question_values(system, metric), self.users)


def read_results(folder: Path, baseline: str | None = None) -> Results:
    """Read a study's folder, or any folder of runs.

    Raises:
        MiqrecError: no run is finished, two runs of a system have other settings, a run was made on
            other data, or a file can't be read; the sentence names the run.
    """
    stored = read_runs(folder)
    study = describe(folder, stored.systems(), baseline)
    runs = [run for name in study.labels for run in stored.finished if run.system == name]
    if not runs:
        raise MiqrecError(f"no run in {folder} is finished: none has a metrics.json")
    configs = _checked_configs(runs)
    users, ranks = _aligned_ranks(runs)
    rows = [_row(run, _pretraining_seconds(run, study, stored)) for run in runs]
    return Results(
        study=study,
        runs=pl.DataFrame(rows, infer_schema_length=None),
        history=_history(runs),
        ranks=ranks,
        users=users,
        targets=_targets(runs),
        configs=configs,
        environments=[run.environment for run in runs],
        missing=_missing(study.labels, stored.seeds(), runs),
    )


def _targets(runs: Iterable[RunRecord]) -> TargetCounts:
    """Return the counts of the first run that has them; they are the same for all."""
    for metrics in (run.metrics for run in runs):
        if metrics.seen_targets is not None:
            return TargetCounts(
                metrics.seen_targets, metrics.unknown_targets, metrics.without_history
            )
    return TargetCounts(None, None, None)


def _row(run: RunRecord, pretraining_seconds: float | None) -> dict[str, str | int | float | None]:
    metrics, machine = run.metrics, run.environment
    return {
        "system": run.system,
        "seed": run.seed,
        "device": None if machine.earlier_devices else machine.device,
        "epochs": metrics.epochs,
        "parameters": metrics.parameters,
        "fit_seconds": metrics.fit_seconds,
        "pretraining_seconds": pretraining_seconds,
        "test_seconds": metrics.test_seconds,
        "peak_mib": metrics.peak_mib,
        "window": getattr(run.config.model, "window", None),
        "dim": getattr(run.config.model, "dim", None),
        "valid NDCG@10": metrics.valid["NDCG@10"],
        **metrics.test,
    }


def _pretraining_seconds(run: RunRecord, study: Description, stored: StoredRuns) -> float | None:
    history = stored.pretrainings.get(study.pretraining.get(run.system, ""))
    return None if history is None else float(history["seconds"].sum())


def _history(runs: Iterable[RunRecord]) -> pl.DataFrame:
    """Put the epochs of all runs below each other; a model that only counts has none."""
    schema = {"system": pl.String, "seed": pl.Int64, "epoch": pl.Int64, "NDCG@10": pl.Float64}
    parts = [
        run.history.select(
            pl.lit(run.system).alias("system"),
            pl.lit(run.seed, pl.Int64).alias("seed"),
            pl.col("epoch"),
            pl.col("NDCG@10"),
        )
        for run in runs
        if run.history.height
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _checked_configs(runs: Iterable[RunRecord]) -> dict[str, RunConfig]:
    """Return one config a system, as all its runs differ in nothing but the seed."""
    configs: dict[str, RunConfig] = {}
    for run in runs:
        first = configs.setdefault(run.system, run.config)
        if _but_seed(run.config) != _but_seed(first):
            raise MiqrecError(
                f"{run.folder} has other settings than the other runs of {run.system}; "
                "runs of one system may differ in the seed alone"
            )
        if run.config.fingerprint != next(iter(configs.values())).fingerprint:
            raise MiqrecError(_other_data(run))
    return configs


def _but_seed(config: RunConfig) -> tuple[object, ...]:
    training = config.training.model_copy(update={"seed": 0})
    return config.model, training, config.split, config.inference


def _aligned_ranks(runs: Sequence[RunRecord]) -> tuple[Integers, dict[str, Integers]]:
    """Return the user of each question, and by system the ranks, (seeds, questions)."""
    questions = runs[0].ranks.drop("rank")
    ranks: dict[str, list[Integers]] = {}
    for run in runs:
        if not run.ranks.drop("rank").equals(questions):
            raise MiqrecError(_other_data(run))
        ranks.setdefault(run.system, []).append(run.ranks["rank"].to_numpy())
    return questions["user"].to_numpy(), {name: np.stack(rows) for name, rows in ranks.items()}


def _other_data(run: RunRecord) -> str:
    return f"{run.folder} was made on other data than the runs beside it; take it out of the folder"


def _missing(
    systems: Iterable[str], seeds: Iterable[int], runs: Iterable[RunRecord]
) -> dict[str, list[int]]:
    """Return by system the seeds that others have and it has not finished."""
    finished = {(run.system, run.seed) for run in runs}
    absent = {
        system: [seed for seed in seeds if (system, seed) not in finished] for system in systems
    }
    return {system: missing for system, missing in absent.items() if missing}
