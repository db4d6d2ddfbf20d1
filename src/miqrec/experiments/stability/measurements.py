"""Measurements of runs under noise, kept in files so that a study that was killed goes on where it was.

    FOLDER/values/<system>/seed-<n>/<setting>/about.json       what was measured, and how
                                              clean.parquet    lists and ranks without noise
                                              <noise>.parquet  a row a draw and question

A *setting* is a way to use a trained model: its newest answer alone, or a mixture of several.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from miqrec.config import Config, read_config
from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.system.files import write_json
from miqrec.system.locks import locked
from miqrec.system.tables import read_frame

VALUES = "values"
ABOUT = "about.json"
CLEAN_FILE = "clean.parquet"

LONGEST = 160
"""Characters of a setting's name; file systems allow 255 with what is put around it."""


class Asked(Config):
    """What all runs of a study are asked."""

    part: Held = "test"
    users: int | None = None  # so many, whom the seed chooses; None for all
    draws: int = 5
    seed: int = 0


class About(Config):
    """What a folder of measurements is about; nothing else may be added to it."""

    asked: Asked
    system: str
    seed: int
    inference: InferenceConfig
    fingerprint: str  # of the data that the questions are from
    weights: str  # SHA-256 (hex) of the model's
    members: int = 1  # models that answer together


def setting_name(inference: InferenceConfig) -> str:
    """Name an explicit way to use a model: "newest", "trained" or its answers' weights, "mix-0.6-0.4"."""
    mix = inference.mix or (1.0,)
    weights = () if mix == "trained" else mix
    name = "-".join(["mix", *(f"{share:g}" for share in weights)])
    name = {0: "trained", 1: "newest"}.get(len(weights), name)
    return name if inference.temperature == 1 else f"{name}-at-{inference.temperature:g}"


@contextmanager
def claimed(folder: Path, about: About) -> Iterator[Path]:
    """Find or make the place of a measurement in a study's folder, and lock it.

    A setting whose name is long, or is that of another one which it rounds to, has a hash behind it. What was
    begun there without measuring anything is begun anew.

    Raises:
        MiqrecError: another process is at work there, or it has measurements that are about something else.
    """
    name = setting_name(about.inference)
    of_model = folder / VALUES / about.system / f"seed-{about.seed}"
    place = of_model / name
    if len(name) > LONGEST or _is_of_another(place, about):
        place = of_model / f"{name[:LONGEST]}-{_digest(about.inference)}"
    with locked(place):
        if not is_measured(place):
            write_json(place / ABOUT, about.model_dump(mode="json"))
        elif read_about(place) != about:
            raise MiqrecError(f"{place} holds other measurements; choose a new folder for --out")
        yield place


def places_in(folder: Path) -> list[Path]:
    """List the folders of measurements, some of which may have been begun and not finished."""
    return sorted(path.parent for path in folder.glob(f"{VALUES}/*/seed-*/*/{ABOUT}"))


def is_measured(place: Path) -> bool:
    """Whether anything was measured at a place; the clean lists come first."""
    return (place / CLEAN_FILE).exists()


def read_values(place: Path, noises: Iterable[str]) -> pl.DataFrame:
    """Read the measurements of a model in one setting under these noises."""
    return pl.concat([read_frame(place / f"{noise}.parquet") for noise in noises])


def read_about(place: Path) -> About:
    """Read what a folder of measurements is about."""
    return read_config(place / ABOUT, About, "a measurement's")


def read_clean(place: Path) -> pl.DataFrame:
    """Read lists and ranks without noise: `question`, `user`, `rank` and `list`, of external ids."""
    return read_frame(place / CLEAN_FILE)


def measured_noises(place: Path, wanted: Iterable[str]) -> list[str]:
    """List those of some noises that a model was measured under in one setting, and compared with none."""
    if not is_measured(place):
        return []
    return [noise for noise in wanted if (place / f"{noise}.parquet").exists()]


def _is_of_another(place: Path, about: About) -> bool:
    return (place / ABOUT).exists() and read_about(place).inference != about.inference


def _digest(inference: InferenceConfig) -> str:
    return hashlib.sha256(inference.model_dump_json().encode()).hexdigest()[:8]
