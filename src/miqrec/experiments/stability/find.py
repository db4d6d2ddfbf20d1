"""From the measurements of a study to its findings: seeds together, settings compared with a baseline."""

import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.stability.findings import (
    FINDINGS,
    TESTED,
    Difference,
    Findings,
    Row,
    Setting,
    have_common_seeds,
)
from miqrec.experiments.stability.groups import Group, SettingKey, find_baseline, read_groups
from miqrec.experiments.stability.measurements import read_clean, read_values
from miqrec.experiments.stability.planted import find_interests
from miqrec.stability.comparing import Comparison, compare, correct
from miqrec.stability.measure import LISTED
from miqrec.stability.models import rank_list_sensitivity, seed_floor
from miqrec.stability.summary import (
    BASELINE,
    CLEAN,
    SEED_FLOOR,
    Key,
    Measured,
    measured,
    summarise,
)
from miqrec.system.files import write_json


def find(
    folder: Path,
    noises: Sequence[str],
    order: Sequence[SettingKey] = (),
    baseline: str | None = None,
) -> Findings:
    """Sum up the measurements below a study's folder and write them to `stability.json`.

    Args:
        folder: the study's, whose measurements are of the same questions (`check_alike`).
        noises: those that are wanted, in the order of tables.
        order: the settings that come first; others follow by name. What `read_groups` leaves out is warned
            of.
        baseline: the system, or the setting by its label, that all others are compared with; by default the
            first.

    Raises:
        MiqrecError: nothing was measured, or no setting is called like the baseline.
    """
    groups, left_out = read_groups(folder, noises)
    if not groups:
        raise MiqrecError(f"nothing was measured in {folder}; give runs to `miqrec stability`")
    if left_out:
        warnings.warn(
            f"left out, as {folder} has less of them than is asked for: {', '.join(left_out)}; give these "
            "runs too to measure the rest",
            MiqrecWarning,
            stacklevel=2,
        )
    groups = _ordered(groups, order)
    first = groups[
        find_baseline({key: group.setting.label for key, group in groups.items()}, baseline)
    ]
    results = {group.setting.label: _measured(group, first) for group in groups.values()}
    found = Findings(
        asked=first.asked,
        users=results[first.setting.label].values[CLEAN, TESTED[1]].shape[1],
        noises=tuple(noises),
        settings=tuple(group.setting for group in groups.values()),
        rows=tuple(_rows(results)),
        tests=tuple(_tests(results, first.setting, [group.setting for group in groups.values()])),
        interests=tuple(
            find_interests(
                {group.setting.label: group.places.values() for group in groups.values()}
            )
        ),
    )
    write_json(folder / FINDINGS, found.model_dump(mode="json"))
    return found


def _ordered(
    groups: dict[SettingKey, Group], order: Sequence[SettingKey]
) -> dict[SettingKey, Group]:
    places = {key: place for place, key in enumerate(order)}

    def place(key: SettingKey) -> tuple[int, str, bool, str]:
        name = groups[key].setting.name
        return places.get(key, len(places)), key[0], name != "newest", name

    return {key: groups[key] for key in sorted(groups, key=place)}


def _measured(group: Group, baseline: Group) -> Measured:
    by_seed = {seed: read_values(place, group.noises) for seed, place in group.places.items()}
    return measured(by_seed, LISTED, _pairs(group, baseline))


def _rows(results: dict[str, Measured]) -> list[Row]:
    return [
        Row(setting=label, **_finite(row))
        for label, found in results.items()
        for row in summarise(found).to_dicts()
    ]


def _pairs(group: Group, baseline: Group) -> dict[str, pl.DataFrame]:
    """Compare lists without noise: of a setting's seeds, and with those of the baseline's same seeds."""
    own = {seed: read_clean(place) for seed, place in group.places.items()}
    users = next(iter(own.values()))["user"].to_numpy()
    pairs = {}
    if len(own) > 1:
        pairs[SEED_FLOOR] = seed_floor(_comparable(own.values()), users)
    is_comparable = group != baseline and have_common_seeds(group.setting, baseline.setting)
    shared = own.keys() & baseline.places.keys() if is_comparable else ()
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


def _tests(
    results: dict[str, Measured], baseline: Setting, settings: Sequence[Setting]
) -> list[Difference]:
    """Compare each setting with the baseline under each noise that both have; the family is all of them."""
    other, compared = results[baseline.label], list[tuple[str, Comparison]]()
    for setting in settings:
        if setting != baseline:
            found, paired = results[setting.label], have_common_seeds(setting, baseline)
            tests = compare(found, other, _keys(found, other), pair_seeds=paired)
            compared += [(setting.label, test) for test in tests]
    corrected = correct([test for _, test in compared])
    return [
        Difference(setting=label, baseline=baseline.label, **_finite(test._asdict()))
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
