"""Fit a model on data that somebody brings, and leave nothing on disk."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import polars as pl

from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, source_or_frame
from miqrec.models.protocol import NamedConfig
from miqrec.runs.artifact import Artifact
from miqrec.runs.fit import fit, fit_on_everything
from miqrec.runs.folder import read_history
from miqrec.runs.plan import plan_run
from miqrec.training.hooks import Hooks


class Fitted(NamedTuple):
    """A fitted model, the data that it was fitted on, and a row an epoch of its training."""

    artifact: Artifact
    dataset: Dataset
    history: pl.DataFrame | None  # None for a model that only counts


def fit_in_memory(
    data: Any,
    model: str | NamedConfig,
    values: Mapping[str, Any],
    hooks: Hooks,
    *,
    items: Any = None,
    init_from: Path | None = None,
    final: bool = False,
) -> Fitted:
    """Fit a model; arguments are those of `Recommender.fit`.

    Raises:
        MiqrecError: as `Recommender.fit`.
    """
    source, frame = source_or_frame(data)
    plan = plan_run(DataConfig(source=source), model, values, frame, items, init_from=init_from)
    plan = plan.with_functions(hooks)
    with TemporaryDirectory() as folder:
        artifact = fit(plan, Path(folder), hooks)
        history = read_history(Path(folder))
        if final:
            watching = hooks._replace(callbacks=())  # there is no validation to watch
            last = Path(folder) / "final"
            artifact = fit_on_everything(plan, artifact.config.epochs, last, watching)
    return Fitted(artifact, plan.dataset, history)
