"""The results of a folder of runs: small frames, and ranks aligned over systems and seeds.

Only what runs leave is read, never a model or the data they were made of.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from miqrec.config import read_config
from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import metric_values
from miqrec.experiments.report.contents import Found, Outline, find_runs, read_outline
from miqrec.runs.config import RunConfig
from miqrec.runs.folder import epoch_seconds, read_metrics, read_run_config
from miqrec.system.environment import Environment
from miqrec.system.tables import read_frame

Ranks = npt.NDArray[np.int64]


class Results(NamedTuple):
    """Everything that tables and figures are made of; a system without a finished run is in none."""

    outline: Outline
    runs: pl.DataFrame  # a row a finished run: system, seed, device, cost, sizes and test metrics
    history: pl.DataFrame  # a row an epoch: system, seed, epoch and validation NDCG@10
    ranks: dict[str, Ranks]  # by system, (seeds, users); users in the same order for all
    users: npt.NDArray[np.int64]  # (users,) their internal numbers
    configs: dict[str, RunConfig]  # by system, of its first seed
    environments: list[Environment]  # in the order of `runs`
    missing: dict[str, list[int]]  # by system, the seeds that others have and it has not

    def systems(self) -> list[str]:
        """Those with a finished run, in the order of tables."""
        return list(self.ranks)

    def timed(self) -> pl.DataFrame:
        """The runs whose times and memory can be compared: those wholly on the device of the most."""
        devices = self.runs["device"].drop_nulls()
        return self.runs.filter(pl.col("device").is_in(devices.mode().sort()[:1].implode()))

    def values(self, system: str, metric: str) -> npt.NDArray[np.float64]:
        """(seeds, users) a metric's value for each user."""
        array: npt.NDArray[np.float64] = metric_values(
            torch.from_numpy(self.ranks[system]), metric
        ).numpy()
        return array


def read_results(folder: Path, baseline: str | None = None) -> Results:
    """Read a study's folder, or any folder of runs.

    Raises:
        MiqrecError: no run is finished, two runs of a system have other settings, a run was made on
            other data, or a file can't be read; the sentence names the run.
    """
    found = find_runs(folder)
    outline = read_outline(folder, found, baseline)
    done = [run for run in found if (run.folder / "metrics.json").is_file()]
    done = [run for name in outline.labels for run in done if run.system == name]
    if not done:
        raise MiqrecError(f"no run in {folder} is finished: none has a metrics.json")
    configs = _checked_configs(done)
    users, ranks = _aligned_ranks(done)
    return Results(
        outline=outline,
        runs=pl.DataFrame([_row(run, outline) for run in done], infer_schema_length=None),
        history=_history(done),
        ranks=ranks,
        users=users,
        configs=configs,
        environments=[_environment(run) for run in done],
        missing=_missing(outline, found, done),
    )


def _row(run: Found, outline: Outline) -> dict[str, str | int | float | None]:
    metrics, model = read_metrics(run.folder), read_run_config(run.folder).model
    machine = _environment(run)
    pretraining = outline.pretraining.get(run.system)
    return {
        "system": run.system,
        "seed": run.seed,
        "device": None if machine.earlier_devices else machine.device,
        "epochs": metrics.epochs,
        "parameters": metrics.parameters,
        "fit_seconds": metrics.fit_seconds,
        "pretraining_seconds": epoch_seconds(pretraining) if pretraining else None,
        "test_seconds": metrics.test_seconds,
        "peak_mib": metrics.peak_mib,
        "window": getattr(model, "window", None),
        "dim": getattr(model, "dim", None),
        "valid NDCG@10": metrics.valid["NDCG@10"],
        **metrics.test,
    }


def _history(done: list[Found]) -> pl.DataFrame:
    """A model that only counts has none."""
    schema = {"system": pl.String, "seed": pl.Int64, "epoch": pl.Int64, "NDCG@10": pl.Float64}
    parts = [pl.DataFrame(schema=schema)]
    for run in done:
        if (run.folder / "history.csv").is_file():
            history = read_frame(run.folder / "history.csv", "epoch", "NDCG@10")
            whose = {"system": pl.lit(run.system), "seed": pl.lit(run.seed, pl.Int64)}
            parts.append(history.with_columns(**whose).select(*schema))
    return pl.concat(parts)


def _environment(run: Found) -> Environment:
    return read_config(run.folder / "environment.json", Environment, "a run's")


def _checked_configs(done: list[Found]) -> dict[str, RunConfig]:
    """One config a system, as all its runs differ in nothing but the seed."""
    configs: dict[str, RunConfig] = {}
    for run in done:
        config = read_run_config(run.folder)
        first = configs.setdefault(run.system, config)
        if _but_seed(config) != _but_seed(first):
            raise MiqrecError(
                f"{run.folder} has other settings than the other runs of {run.system}; "
                "runs of one system may differ in the seed alone"
            )
        if config.fingerprint != next(iter(configs.values())).fingerprint:
            raise MiqrecError(_other_data(run))
    return configs


def _but_seed(config: RunConfig) -> tuple[object, object]:
    return config.model, config.training.model_copy(update={"seed": 0})


def _aligned_ranks(done: list[Found]) -> tuple[npt.NDArray[np.int64], dict[str, Ranks]]:
    ranks: dict[str, list[npt.NDArray[np.int64]]] = {}
    first = None
    for run in done:
        frame = read_frame(run.folder / "ranks.parquet", "user", "target", "rank").sort("user")
        targets = frame.drop("rank")
        first = targets if first is None else first
        if not targets.equals(first):
            raise MiqrecError(_other_data(run))
        ranks.setdefault(run.system, []).append(frame["rank"].to_numpy())
    users = frame["user"].to_numpy()
    return users, {system: np.stack(rows) for system, rows in ranks.items()}


def _other_data(run: Found) -> str:
    return f"{run.folder} was made on other data than the runs beside it; take it out of the folder"


def _missing(outline: Outline, found: list[Found], done: list[Found]) -> dict[str, list[int]]:
    planned = sorted({run.seed for run in found})
    there = {(run.system, run.seed) for run in done}
    absent = {
        system: [seed for seed in planned if (system, seed) not in there]
        for system in outline.labels
    }
    return {system: seeds for system, seeds in absent.items() if seeds}
