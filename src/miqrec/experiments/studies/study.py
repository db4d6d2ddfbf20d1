"""A study: a table or a figure, with all its systems and the comparisons that it is made for."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from miqrec.config import Config
from miqrec.data.filters import Filters
from miqrec.data.open import DataConfig
from miqrec.data.reading.columns import Columns
from miqrec.data.split_config import SplitConfig
from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.tuning.space import Dimension, check_values, contains, searchable
from miqrec.models.migrate import modernise
from miqrec.models.registry import find_model
from miqrec.runs.idle import only_counts
from miqrec.runs.initial_weights import FREE, sizes
from miqrec.runs.settings import (
    OF_A_RUN,
    PretrainingSettings,
    Setting,
    Settings,
    pretraining_settings,
    settings,
)
from miqrec.training.config import TrainingConfig

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]  # a folder is called by it
Metric = Annotated[str, Field(pattern=f"^({'|'.join(METRICS)})$")]
Share = Annotated[float, Field(ge=0, le=1)]


OF_A_STUDY = tuple(config for config in OF_A_RUN if config is not Columns)
"""Where shared settings stand, besides the models' and the trainings'; columns have a place of their own."""
SHARED = {name for config in OF_A_STUDY for name in config.model_fields}
"""Settings of the data, of the split and of the ranking, which all systems of a study have alike."""


class ModelPlan(Config):
    """A model and its own settings, which stand beside the other keys in the file."""

    model: str
    settings: dict[str, Setting] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_settings(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        if "settings" not in keys:
            own = {name: value for name, value in keys.items() if name in cls.model_fields}
            keys = own | {"settings": {name: keys[name] for name in keys if name not in own}}
        today = modernise({"name": keys.get("model"), **keys["settings"]})
        return keys | {"model": today.pop("name"), "settings": today}


class PretrainingPlan(ModelPlan):
    """A pre-training that systems start from, one for all seeds."""


class SystemPlan(ModelPlan):
    """A row of the table: a model and its label."""

    label: str
    pretraining: str | None = None  # a key of the study's pre-trainings


class Pair(Config):
    """A comparison to be tested: is `system` better than `baseline`?"""

    system: str
    baseline: str


class Tuning(Config):
    """What `miqrec tune --recipe` searches for each system, on validation alone.

    Each system searches those settings that its model or training has, except for the sizes that its
    pre-training fixes. The values that were chosen stand among the settings of the system.
    """

    trials: int = Field(ge=1)  # for each system
    search: dict[str, Dimension] = Field(min_length=1)


class Study(Config):
    """Everything about a table or a figure except the seeds.

    A shared setting applies to the systems whose model or training has it and to the pre-trainings
    whose model has it, unless they set it themselves.
    """

    name: Name
    title: str
    caption: str
    data: str  # a data set's name, or a path
    columns: Columns = Columns()
    items: str | None = None  # a file with the items' titles and attributes
    settings: dict[str, Setting] = Field(default_factory=dict)
    pretraining: dict[Name, PretrainingPlan] = Field(default_factory=dict)
    systems: dict[Name, SystemPlan] = Field(min_length=1)
    tuning: Tuning | None = None
    paper: dict[str, dict[Metric, Share]] = Field(default_factory=dict)  # its numbers, by system
    pairs: tuple[Pair, ...] = ()

    def source(self) -> DataConfig:
        """Return how to read the data, with the filters, which all systems share."""
        filters = self.chosen(next(iter(self.systems))).filters
        return DataConfig(source=self.data, columns=self.columns, filters=filters, items=self.items)

    def system_values(self, system: str) -> dict[str, Setting]:
        """Return a system's settings by their names, the shared ones included."""
        plan = self.systems[system]
        training = () if only_counts(plan.model) else (TrainingConfig,)
        return self._shared(plan.model, *training, *OF_A_STUDY) | plan.settings

    def space(self, system: str) -> dict[str, Dimension]:
        """Return what is searched for a system: nothing where the study has no tuning."""
        plan, search = self.systems[system], self.tuning.search if self.tuning else {}
        names = set(searchable(plan.model))
        if plan.pretraining is not None:
            names -= sizes(plan.model)
        return {name: dimension for name, dimension in search.items() if name in names}

    def pretraining_values(self, key: str) -> dict[str, Setting]:
        """Return a pre-training's settings by their names, the shared ones included."""
        plan = self.pretraining[key]
        return self._shared(plan.model, Filters, SplitConfig) | plan.settings

    def chosen(self, system: str) -> Settings:
        """Return a system's settings, sorted into the configs that they belong to."""
        return settings(self.systems[system].model, **self.system_values(system))

    def chosen_pretraining(self, key: str) -> PretrainingSettings:
        """Return a pre-training's settings, sorted into the configs that they belong to."""
        return pretraining_settings(self.pretraining[key].model, **self.pretraining_values(key))

    def _shared(self, model: str, *others: type[Config]) -> dict[str, Setting]:
        configs = [find_model(model).config, *others]
        has = {name for config in configs for name in config.model_fields}
        return {name: value for name, value in self.settings.items() if name in has}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        named = [
            *self.paper,
            *(name for pair in self.pairs for name in (pair.system, pair.baseline)),
        ]
        if unknown := [name for name in named if name not in self.systems]:
            raise ValueError(
                f"there is no system {unknown[0]!r}; there are {', '.join(self.systems)}"
            )
        if len({plan.label for plan in self.systems.values()}) < len(self.systems):
            raise ValueError("two systems have the same label, so a table can't tell them apart")
        if "pretraining" in self.systems:
            raise ValueError("a system can't be called 'pretraining': the folder has another use")
        return self

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        for key in self.pretraining:
            _explained(f"pretraining.{key}: ", partial(self.chosen_pretraining, key))
        for system, plan in self.systems.items():
            _explained(f"systems.{system}: ", partial(self.chosen, system))
            _check_same_ground(system, plan)
            if plan.pretraining is not None:
                _check_pretraining(self, system, plan.pretraining)
        used = {name for system in self.systems for name in self.system_values(system)}
        if idle := [name for name in self.settings if name not in used]:
            raise ValueError(f"settings: no system has {', '.join(map(repr, idle))}")
        if "seed" in self.settings:
            raise ValueError("settings: the seeds of a study are counted from 0, so it names none")
        return self

    @model_validator(mode="after")
    def _tuning_fits(self) -> Self:
        search = self.tuning.search if self.tuning else {}
        for system, plan in self.systems.items():
            space = self.space(system)
            _explained("", partial(check_values, "tuning.search", plan.model, space))
            for name, value in self.system_values(system).items():
                if name in space and not contains(space[name], value):
                    raise ValueError(f"systems.{system}: {name} {value} is not among tuning.search")
        searched = {name for system in self.systems for name in self.space(system)}
        if idle := [name for name in search if name not in searched]:
            raise ValueError(f"tuning.search: no system has {', '.join(map(repr, idle))}")
        return self


def _explained(place: str, check: Callable[[], object]) -> None:
    try:
        check()
    except MiqrecError as error:
        raise ValueError(f"{place}{error}") from error


def _check_same_ground(system: str, plan: SystemPlan) -> None:
    """Check that a system has no data, split or seeds of its own, as all systems of a study share them."""
    if own := {"seed", *SHARED} & plan.settings.keys():
        raise ValueError(
            f"systems.{system}: {', '.join(sorted(own))} can't differ between the systems of a study; "
            "filters and the split stand in [settings], seeds are counted from 0"
        )


def _check_pretraining(study: Study, system: str, key: str) -> None:
    if key not in study.pretraining:
        raise ValueError(f"systems.{system}: there is no pretraining.{key}")
    pretrained, model = study.chosen_pretraining(key).model, study.chosen(system).model
    if pretrained.model_dump(exclude=FREE) != model.model_dump(exclude=FREE):
        raise ValueError(f"systems.{system} and its pretraining.{key} are not of the same sizes")
