"""Whether several models are seeds of one system: alike in all settings and data but the seed."""

from collections.abc import Sequence
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.runs.artifact import ArtifactConfig


def check_seeds(configs: Sequence[ArtifactConfig]) -> None:
    """See that models differ in their seed, and in nothing else.

    Raises:
        MiqrecError: a setting, the data or the way to use them differs, or a seed is there twice.
    """
    settings = [_settings(config) for config in configs]
    names = list(dict.fromkeys(name for each in settings for name in each))
    different = [
        name for name in names if any(each.get(name) != settings[0].get(name) for each in settings)
    ]
    if different:
        raise MiqrecError(
            f"these models are no seeds of one system: they differ in {', '.join(different)}; give runs that "
            "differ in their seed alone"
        )
    seeds = [config.training.seed if config.training else None for config in configs]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise MiqrecError(f"several of these models have seed {twice}; give each seed once")


def _settings(config: ArtifactConfig) -> dict[str, Any]:
    """List what seeds of one system have in common, by the names of the options."""
    model = config.model.model_dump(exclude={"name"})
    training = config.training.model_dump(exclude={"seed"}) if config.training else {}
    usage = config.inference.model_dump(exclude={"temperature"})
    return {"model": config.model.name, "data": config.fingerprint} | model | training | usage
