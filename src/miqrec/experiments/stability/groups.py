"""The settings that a study's folder has measurements of: a system in one way to use it, with its seeds."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.findings import Setting
from miqrec.experiments.stability.measurements import (
    Asked,
    measured_noises,
    places_in,
    read_about,
)
from miqrec.experiments.stability.words import NEWEST, exact_label, way_label

SettingKey = tuple[str, InferenceConfig]
"""A system, and an explicit way to use it."""


class Group(NamedTuple):
    """A setting with the folders of its measurements, by seed."""

    setting: Setting
    asked: Asked
    noises: tuple[str, ...]  # of those that are wanted, in their order
    places: dict[int, Path]


def read_groups(folder: Path, noises: Sequence[str]) -> tuple[dict[SettingKey, Group], list[str]]:
    """Find the settings with measurements, and the names of what was begun and is left out.

    A setting has those noises that one of its seeds was measured under; a seed that lacks some of these is
    left out, as is a setting that was measured under none.
    """
    places: dict[SettingKey, dict[int, Path]] = {}
    for place in places_in(folder):
        about = read_about(place)
        places.setdefault((about.system, about.inference), {})[about.seed] = place
    names, groups, left_out = labels(places), {}, []
    for key, by_seed in places.items():
        held = {seed: measured_noises(place, noises) for seed, place in by_seed.items()}
        most = max(held.values(), key=len)
        kept = {seed: by_seed[seed] for seed in sorted(held) if most and held[seed] == most}
        left_out += [f"{names[key]} (seed {seed})" for seed in held if seed not in kept]
        if kept:
            groups[key] = _group(key, names[key], tuple(most), kept)
    return groups, left_out


def labels(keys: Iterable[SettingKey]) -> dict[SettingKey, str]:
    """Name settings for people: "sasrec", "sasrec, mix .6 .4"; at length where two would be called alike."""
    keys = list(dict.fromkeys(keys))
    short = {key: _label(key[0], way_label(key[1])) for key in keys}
    called = list(short.values())
    return {
        key: label if called.count(label) == 1 else f"{key[0]}, {exact_label(key[1])}"
        for key, label in short.items()
    }


def find_baseline(labels: Mapping[SettingKey, str], name: str | None) -> SettingKey:
    """Find the setting that all others are compared with, by its label or its system: by default the first.

    Raises:
        MiqrecError: there is none of this name.
    """
    for key, label in labels.items():
        if name in (None, key[0], label):
            return key
    raise MiqrecError(
        f"there is no system {name!r} among what is measured; choose one of "
        f"{'; '.join(labels.values())}"
    )


def _group(key: SettingKey, label: str, noises: tuple[str, ...], places: dict[int, Path]) -> Group:
    first = next(iter(places.values()))
    about = read_about(first)
    setting = Setting(
        label=label,
        system=key[0],
        name=first.name,
        inference=key[1],
        seeds=tuple(places),
        members=about.members,
    )
    return Group(setting, about.asked, noises, places)


def _label(system: str, way: str) -> str:
    return system if way == NEWEST else f"{system}, {way}"
