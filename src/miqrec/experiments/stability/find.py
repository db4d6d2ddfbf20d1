"""From the measurements of a study to its findings: seeds together, settings compared with a baseline."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import torch

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.findings import (
    FINDINGS,
    TESTED,
    Difference,
    Findings,
    Row,
    Setting,
)
from miqrec.experiments.stability.measurements import (
    ABOUT,
    VALUES,
    Asked,
    measured_noises,
    read_about,
    read_clean,
    read_values,
)
from miqrec.experiments.stability.words import NEWEST, way_label
from miqrec.stability.measure import LISTED
from miqrec.stability.models import rank_list_sensitivity, seed_floor
from miqrec.stability.summary import (
    BASELINE,
    CLEAN,
    SEED_FLOOR,
    Comparison,
    Key,
    Measured,
    compare,
    correct,
    measured,
    summarise,
)
from miqrec.system.files import write_json


class _Group(NamedTuple):
    """The folders of a setting's measurements, by seed."""

    setting: Setting
    asked: Asked
    fingerprint: str
    places: dict[int, Path]


def find(
    folder: Path,
    noises: Sequence[str],
    order: Sequence[tuple[str, str]] = (),
    baseline: str | None = None,
) -> Findings:
    """Sum up the measurements below a study's folder and write them to `stability.json`.

    Args:
        folder: the study's.
        noises: those that are wanted, in the order of tables; a setting lacks those that one of its seeds
            was not measured under.
        order: systems and settings that come first; others follow by name.
        baseline: the system, or the setting by its label, that all others are compared with; by default the
            first.

    Raises:
        MiqrecError: nothing was measured, settings were asked different questions, or none is called like
            the baseline.
    """
    groups = _ordered(_groups(folder), order)
    first = _baseline([group.setting for group in groups], baseline)
    compared = next(group for group in groups if group.setting.label == first)
    results = {group.setting.label: _measured(group, noises, compared) for group in groups}
    rows = [
        Row(setting=label, **_finite(row))
        for label, found in results.items()
        for row in summarise(found).to_dicts()
    ]
    found = Findings(
        asked=groups[0].asked,
        users=results[first].values[CLEAN, TESTED[1]].shape[1],
        noises=tuple(noises),
        settings=tuple(group.setting for group in groups),
        rows=tuple(rows),
        tests=tuple(_tests(results, first)),
    )
    write_json(folder / FINDINGS, found.model_dump(mode="json"))
    return found


def _groups(folder: Path) -> list[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for path in sorted(folder.glob(f"{VALUES}/*/seed-*/*/{ABOUT}")):
        place, about = path.parent, read_about(path.parent)
        key = about.system, place.name
        if key not in groups:
            setting = Setting(
                label=_label(about.system, about.inference),
                system=about.system,
                name=place.name,
                inference=about.inference,
                seeds=(),
            )
            groups[key] = _Group(setting, about.asked, about.fingerprint, {})
        groups[key].places[about.seed] = place
    if not groups:
        raise MiqrecError(f"nothing was measured in {folder}; give runs to `miqrec stability`")
    _check_alike(groups.values(), folder)
    return [group._replace(setting=_with_seeds(group)) for group in groups.values()]


def _with_seeds(group: _Group) -> Setting:
    return group.setting.model_copy(update={"seeds": tuple(sorted(group.places))})


def _label(system: str, inference: InferenceConfig) -> str:
    """Name a setting for people: "sasrec", "sasrec, mix .6 .4", "sasrec, trained mixture"."""
    way = way_label(inference)
    return system if way == NEWEST else f"{system}, {way}"


def _check_alike(groups: Iterable[_Group], folder: Path) -> None:
    first, *others = groups
    for group in others:
        if (group.asked, group.fingerprint) != (first.asked, first.fingerprint):
            raise MiqrecError(
                f"{first.setting.label} and {group.setting.label} in {folder} were asked different questions "
                "or given other noise, so they can't be compared; give them folders of their own"
            )


def _ordered(groups: list[_Group], order: Sequence[tuple[str, str]]) -> list[_Group]:
    places = {key: place for place, key in enumerate(order)}

    def place(group: _Group) -> tuple[int, str, bool, str]:
        setting = group.setting
        known = places.get((setting.system, setting.name), len(places))
        return known, setting.system, setting.name != "newest", setting.name

    return sorted(groups, key=place)


def _measured(group: _Group, noises: Sequence[str], baseline: _Group) -> Measured:
    """Read a setting's measurements: those noises that all its seeds have."""
    held = [set(measured_noises(place)) for place in group.places.values()]
    common = [noise for noise in noises if all(noise in names for names in held)]
    if not common:
        raise MiqrecError(
            f"{group.setting.label} was not measured under any noise yet; run the command again to go on"
        )
    by_seed = {seed: read_values(place, common) for seed, place in group.places.items()}
    return measured(by_seed, LISTED, _pairs(group, baseline))


def _pairs(group: _Group, baseline: _Group) -> dict[str, pl.DataFrame]:
    """Compare lists without noise: of a setting's seeds, and with those of the baseline's same seeds."""
    own = {seed: read_clean(place) for seed, place in group.places.items()}
    users = next(iter(own.values()))["user"].to_numpy()
    pairs = {}
    if len(own) > 1:
        pairs[SEED_FLOOR] = seed_floor(_comparable(own.values()), users)
    shared = own.keys() & baseline.places.keys() if group != baseline else ()
    if shared:
        others = [read_clean(baseline.places[seed]) for seed in sorted(shared)]
        lists = _comparable([*(own[seed] for seed in sorted(shared)), *others])
        half = len(shared)
        together = zip(lists[:half], lists[half:], strict=True)
        pairs[BASELINE] = rank_list_sensitivity(together, users)
    return pairs


def _comparable(frames: Iterable[pl.DataFrame]) -> list[torch.Tensor]:
    """Give the items of several models' lists common numbers, whatever their catalogues are."""
    frames = list(frames)
    items = pl.concat([frame["list"].explode() for frame in frames]).rank("dense").fill_null(0)
    return list(items.cast(pl.Int64).to_torch().reshape(len(frames), frames[0].height, -1))


def _baseline(settings: Sequence[Setting], name: str | None) -> str:
    """Find the label of the setting that all others are compared with."""
    if name is None:
        return settings[0].label
    for setting in settings:
        if name in (setting.label, setting.system):
            return setting.label
    raise MiqrecError(
        f"there is no system {name!r} among what was measured; choose one of "
        f"{'; '.join(setting.label for setting in settings)}"
    )


def _tests(results: dict[str, Measured], baseline: str) -> list[Difference]:
    """Compare each setting with the baseline under each noise that both have; the family is all of them."""
    compared: list[tuple[str, Comparison]] = []
    for label, found in results.items():
        if label != baseline:
            keys = _keys(found, results[baseline])
            compared += [(label, test) for test in compare(found, results[baseline], keys)]
    corrected = correct([test for _, test in compared])
    return [
        Difference(setting=label, baseline=baseline, **_finite(test._asdict()))
        for (label, _), test in zip(compared, corrected, strict=True)
    ]


def _finite(numbers: dict[str, Any]) -> dict[str, Any]:
    """Replace what is infinite, or divided by 0, by None: JSON has no word for it."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in numbers.items()
    }


def _keys(system: Measured, baseline: Measured) -> list[Key]:
    common = [key for key in system.values if key in baseline.values]
    clean = [(CLEAN, TESTED[1])]
    return clean + [key for key in common if key[0] != CLEAN and key[1] in TESTED]
