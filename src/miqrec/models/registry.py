"""Models by the names of their configs: ours, those of installed packages, and those of this session.

A package makes its models known to every command by an entry point in the group `miqrec.models`: its name is
the model's, its value the module that calls `register`. Modules are imported when one of their models is
looked up for the first time.
"""

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args, get_origin

from pydantic import PlainValidator
from pydantic.fields import FieldInfo

from miqrec.config import Config
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.migrate import modernise
from miqrec.models.protocol import Model, NamedConfig
from miqrec.system.dotted import import_function

GROUP = "miqrec.models"
"""The group of entry points that packages make their models known by."""

_OURS = {
    "sasrec": "miqrec.models.configs.sasrec",
    "miq-sasrec": "miqrec.models.configs.sasrec",
    "miq-sasrec-ablation": "miqrec.models.configs.ablation",
    "s3rec": "miqrec.models.configs.s3rec",
    "miq-s3rec": "miqrec.models.configs.s3rec",
    "gru4rec": "miqrec.models.configs.gru4rec",
    "sr-gnn": "miqrec.models.configs.srgnn",
    "popularity": "miqrec.models.configs.popularity",
    "markov": "miqrec.models.configs.markov",
}
"""The modules that register our models."""

Build = Callable[[int, Any], Any]
"""(n_items, config) -> a model with fresh weights."""


class Registration(NamedTuple):
    """A config and what builds a model from it.

    Attributes:
        config: The class of the config.
        build: (n_items, config) -> the model.
        pretrainable: Whether `miqrec pretrain` takes the model.
    """

    config: type[Config]
    build: Build
    pretrainable: bool


_registered: dict[str, Registration] = {}


def register(config: type[Config], build: Build | str, *, pretrainable: bool = False) -> None:
    """Make a model known by the name of its config: to `Recommender.fit`, recipes, commands and `load`.

    Registering the same class again, as a notebook does that runs a cell twice, replaces the model.

    Args:
        config: A `Config` with `name: Literal["..."] = "..."` and a default for every setting. A setting
            of type bool, int, float, str or `Literal` is a command-line option, and its docstring the help.
        build: (n_items, config) -> a model as `miqrec.models.protocol` describes it, items being
            1..n_items. A class whose constructor takes the two will do, and so will the name of either,
            such as "package.module:build", whose module is imported when the first model is built.
        pretrainable: Whether the model has `mask` and `causal`, which `miqrec pretrain` needs.

    Raises:
        MiqrecError: If the config is no frozen `Config`, has no name or a setting without default, if the
            name is another model's, or if `build` can't be called.
    """
    name = _check_config(config)
    if isinstance(build, str):
        build = _named(build)
    if not callable(build):
        raise MiqrecError(f"what builds the model {name!r} can't be called: it is {build!r}")
    _check_free(name, config)
    _registered[name] = Registration(config, build, pretrainable)


def _named(name: str) -> Build:
    """Make what builds a model by the function of a name."""

    def build(n_items: int, config: Any) -> Any:
        return import_function(name)(n_items, config)

    return build


def model_names() -> list[str]:
    """List the names of all models, of which none is imported for that."""
    return list(dict.fromkeys([*_OURS, *_entry_points(), *_registered]))


def find_model(name: str) -> Registration:
    """Look a model up, and import what registers it if that has not happened yet.

    Raises:
        MiqrecError: If there is no such model, or the package that has it can't be imported.
    """
    if name not in _registered:
        if name in _OURS:
            import_module(_OURS[name])
        elif name in _entry_points():
            _load(_entry_points()[name])
        else:
            raise MiqrecError(
                f"there is no model {name!r}; choose one of {', '.join(model_names())}, "
                "or install and import the package that registers it"
            )
    return _registered[name]


def find_models() -> dict[str, Registration]:
    """Look all models up; those whose package can't be imported are left out with a warning."""
    models = {}
    for name in model_names():
        try:
            models[name] = find_model(name)
        except MiqrecError as error:
            _warn_once(str(error))
    return models


def build_model(config: NamedConfig, n_items: int) -> Model:
    """Build a new model with fresh weights; within `miqrec.system.seeds.seeded` its seed decides them.

    Raises:
        MiqrecError: If no such model is known, or what was built is none (see `check_model`).
    """
    from miqrec.models.check import check_model  # brings PyTorch, which names alone don't need

    registration = find_model(config.name)
    model = registration.build(n_items, parse_config(config))
    return check_model(model, config.name, n_items, pretrainable=registration.pretrainable)


def parse_config(value: Any) -> NamedConfig:
    """Turn what a file holds into the config of the model that it names; a config stays what it is.

    Raises:
        MiqrecError: If it names no model that is known.
        pydantic.ValidationError: If a setting is unknown or has a wrong value.
    """
    value = modernise(value)
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    if not isinstance(name, str):
        raise MiqrecError(f"{value!r} is not the config of a model: it has no name")
    config: Any = find_model(name).config
    if isinstance(value, Config):
        _check_same(name, config, type(value))
        value = value.model_dump()  # for its class may have been defined again since
    return cast(NamedConfig, config.model_validate(value))


ModelConfig = Annotated[NamedConfig, PlainValidator(parse_config)]
"""The type of a field that holds the config of any model that is known."""


def _check_config(config: Any) -> str:
    """Read the name that a config gives its model."""
    if not (isinstance(config, type) and issubclass(config, Config)):
        raise MiqrecError(f"{config!r} is not a config: derive a class from miqrec.models.Config")
    what = f"{config.__module__}.{config.__qualname__}"
    if not config.model_config.get("frozen"):
        raise MiqrecError(f"{what} is not frozen; leave Config's model_config as it is")
    field = config.model_fields.get("name")
    if not (field and get_origin(field.annotation) is Literal and _is_its_default(field)):
        raise MiqrecError(f'{what} has no name: give it `name: Literal["my-model"] = "my-model"`')
    if required := [name for name, field in config.model_fields.items() if field.is_required()]:
        raise MiqrecError(
            f"{what} has no default for {', '.join(required)}; every setting needs one"
        )
    return str(field.default)


def _is_its_default(field: FieldInfo) -> bool:
    return get_args(field.annotation) == (field.default,) and isinstance(field.default, str)


def _check_free(name: str, config: type[Config]) -> None:
    if _OURS.get(name, config.__module__) != config.__module__:
        raise MiqrecError(f"the name {name!r} is one of miqrec's own models'; choose another")
    if name in _registered:
        _check_same(name, _registered[name].config, config)


def _check_same(name: str, known: type[Config], config: type[Config]) -> None:
    """See that a class is the one that is known, be it defined anew since."""
    old, new = (f"{kind.__module__}.{kind.__qualname__}" for kind in (known, config))
    if old != new:
        raise MiqrecError(
            f"the model {name!r} is configured by {old}, not by {new}; choose another name"
        )


@cache
def _entry_points() -> dict[str, EntryPoint]:
    """Find the models that installed packages make known, by name."""
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in _OURS or point.name in points:
            _warn_once(
                f"the model {point.name!r} of {_package(point)} is left out: the name is taken"
            )
        else:
            points[point.name] = point
    return points


@cache
def _warn_once(sentence: str) -> None:
    warnings.warn(sentence, MiqrecWarning, stacklevel=3)


def _load(point: EntryPoint) -> None:
    try:
        point.load()
    except Exception as error:
        raise MiqrecError(
            f"the model {point.name!r} is in {_package(point)}, which can't be imported "
            f"({type(error).__name__}: {error}); mend or uninstall that package"
        ) from error
    if point.name not in _registered:
        raise MiqrecError(
            f"{_package(point)} announces the model {point.name!r}, but {point.value} registers none "
            "of that name; mend or uninstall that package"
        )


def _package(point: EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist else "a package without a name"
