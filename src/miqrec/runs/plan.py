"""The one door for a run: from what was asked for to data, split and config, checked before any work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from miqrec.data.dataset import Dataset
from miqrec.data.kind_names import check_kinds, read_kind_weights
from miqrec.data.open import DataConfig, open_dataset, resolve
from miqrec.data.splitting import Splits, split, with_moments
from miqrec.errors import MiqrecError
from miqrec.evaluation.scoring import check_mix
from miqrec.evaluation.temperature import check_temperature
from miqrec.models.protocol import NamedConfig
from miqrec.models.registry import build_model
from miqrec.runs.config import PretrainingRunConfig, RunConfig
from miqrec.runs.idle import refuse_idle
from miqrec.runs.initial_weights import initial_weights
from miqrec.runs.settings import PretrainingSettings, Settings, pretraining_settings, settings
from miqrec.system.seeds import seeded
from miqrec.training.answers import add_mixture
from miqrec.training.hooks import Hooks
from miqrec.training.optimization import record
from miqrec.training.pretraining.attributes import attributes_fingerprint

_OF_A_TRAINING = ("callbacks", "logger", "optimizer", "schedule")
"""What of a caller's hooks only a training calls."""


class Plan(NamedTuple):
    """The data, what is held out of them, and the config of a run."""

    dataset: Dataset
    splits: Splits
    config: RunConfig

    def with_functions(self, hooks: Hooks) -> "Plan":
        """Record the optimizer and the schedule that a caller brings by their dotted names.

        Raises:
            MiqrecError: If the model only counts, and something is brought that needs a training.
        """
        refuse_idle(self.config.model, [name for name in _OF_A_TRAINING if getattr(hooks, name)])
        if not (hooks.optimizer or hooks.schedule):
            return self
        training = record(self.config.training, hooks)
        return self._replace(config=self.config.model_copy(update={"training": training}))


class PretrainingPlan(NamedTuple):
    """The data, what is held out of them, and the config of a pre-training."""

    dataset: Dataset
    splits: Splits
    config: PretrainingRunConfig


def plan_run(
    data: DataConfig,
    model: str | NamedConfig,
    values: Mapping[str, Any],
    frame: Any = None,
    items: Any = None,
    *,
    init_from: Path | None = None,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> Plan:
    """Plan a run from its settings by their bare names, such as `window=5, min_user=5, split="time"`.

    Args:
        data: where the interactions are; settings of columns and filters go before its own.
        model: the name of a model, or its config.
        values: the settings.
        frame: the interactions themselves, where `data` names no source.
        items: titles and attributes, a path or a frame.
        init_from: a saved model to start from.
        data_dir: where the named data sets are looked for first.
        cache: a folder for the prepared, memory-mapped form of files.

    Raises:
        MiqrecError: data that can't be read, a setting that there is not, or a model in `init_from` that
            can't start this one.
    """
    chosen = settings(model, **values)
    refuse_idle(model, values)
    data = _chosen_data(data, chosen, data_dir)
    dataset = open_dataset(data, frame, items, data_dir=data_dir, cache=cache)
    return plan_opened(dataset, data, chosen, init_from)


def _chosen_data(
    data: DataConfig, chosen: Settings | PretrainingSettings, data_dir: Path | None
) -> DataConfig:
    """Settle how the data are read: the settings' columns, and the filters that will be applied."""
    columns = chosen.columns or data.columns
    wanted = data.model_copy(update={"columns": columns, "filters": chosen.filters})
    return resolve(wanted, data_dir=data_dir)


def plan_opened(
    dataset: Dataset, data: DataConfig, chosen: Settings, init_from: Path | None = None
) -> Plan:
    """Plan a run on data that are open already."""
    check_temperature(chosen.inference, chosen.training.loss)
    _check_answers(chosen)
    _check_kinds(dataset, chosen)
    splits = split(dataset, chosen.split)
    initial = initial_weights(init_from, chosen.model, splits) if init_from else None
    config = RunConfig(
        data=data,
        fingerprint=splits.fingerprint,
        split=with_moments(chosen.split, dataset),
        model=chosen.model,
        training=chosen.training,
        inference=chosen.inference,
        init_from=initial,
    )
    return Plan(dataset, splits, config)


def _check_answers(chosen: Settings) -> None:
    """See that the model has the answers that are to be mixed, on one of its kind for a single item."""
    if chosen.training.answers > 1 or chosen.inference.mix:
        with seeded(0):
            model = build_model(chosen.model, 1)
        add_mixture(model, chosen.training)
        check_mix(model, chosen.inference)


def _check_kinds(dataset: Dataset, chosen: Settings) -> None:
    """See that the data have the kinds of event that are weighed or left out."""
    if not isinstance(chosen.inference.exclude_seen, bool):
        check_kinds(chosen.inference.exclude_seen, dataset.kinds, "seen items are left out")
    if chosen.training.kind_weights:
        check_kinds(
            read_kind_weights(chosen.training.kind_weights), dataset.kinds, "targets are weighed"
        )


def plan_again(
    config: RunConfig, folder: Path, *, data_dir: Path | None = None, cache: Path | None = None
) -> Plan:
    """Plan a run that was begun in `folder`, by the config that it left there.

    Raises:
        MiqrecError: the data have changed since.
    """
    dataset = open_dataset(config.data, data_dir=data_dir, cache=cache)
    splits = split(dataset, config.split)
    if splits.fingerprint != config.fingerprint:
        raise MiqrecError(
            f"{config.data.source} has changed since the run in {folder} was started; "
            "train anew with another --out"
        )
    return Plan(dataset, splits, config)


def plan_pretraining(
    data: DataConfig,
    model: str | NamedConfig,
    values: Mapping[str, Any],
    *,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> PretrainingPlan:
    """Plan a pre-training, as `plan_run` plans a run."""
    chosen = pretraining_settings(model, **values)
    data = _chosen_data(data, chosen, data_dir)
    dataset = open_dataset(data, data_dir=data_dir, cache=cache)
    return plan_pretraining_opened(dataset, data, chosen)


def plan_pretraining_opened(
    dataset: Dataset, data: DataConfig, chosen: PretrainingSettings
) -> PretrainingPlan:
    """Plan a pre-training on data that are open already."""
    splits = split(dataset, chosen.split)
    config = PretrainingRunConfig(
        data=data,
        fingerprint=splits.fingerprint,
        split=with_moments(chosen.split, dataset),
        attributes=attributes_fingerprint(splits.dataset.catalogue),
        model=chosen.model,
        pretraining=chosen.pretraining,
    )
    return PretrainingPlan(dataset, splits, config)
