"""Files that miqrec wrote, each with work that reads it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from faults.children import Work
from faults.world import DATA, PRETRAIN, REPRODUCE, TUNE, typed


class Reading(NamedTuple):
    """A file, and what is done with it.

    Attributes:
        row: Of the table.
        state: How the room is found.
        files: A pattern of files that are damaged one at a time.
        work: Prints what it makes of them, and leaves files behind.
        twin: Another file of the same kind, by the file.
        cases: How many times each file is damaged in a long run.
        edited: Whether a person may edit it, so that what can be read is what is meant.
        fresh: Whether the work trains, so that its times by the clock differ.
        spared: Ways of damage that leave something whole that is another thing.
    """

    row: str
    state: str
    files: str
    work: Work
    cases: int
    twin: Callable[[Path], Path] | None = None
    edited: bool = False
    fresh: bool = False
    spared: tuple[str, ...] = ()


def _cached() -> None:
    from miqrec.cli.options import CACHE
    from miqrec.data.open import DataConfig, open_dataset
    from miqrec.system.wording import for_commands

    with for_commands():  # whose messages the entry holds
        _print(open_dataset(DataConfig(source="log.csv", items="items.csv"), cache=CACHE))


def _stored() -> None:
    from miqrec.data.open import open_dataset

    _print(open_dataset("store"))


def _print(dataset: object) -> None:
    """Print all that a data set holds."""
    from miqrec.data.dataset import Dataset

    assert isinstance(dataset, Dataset)
    sequences = dataset.sequences
    columns = {name: column.tolist() for name, column in sequences.columns().items()}
    print(sequences.items.tolist(), sequences.offsets.tolist(), columns, dataset.kinds)
    print(dataset.users.to_list(), dataset.catalogue.frame.to_dicts(), dataset.name)


def _in(folder: str) -> Callable[[Path], Path]:
    return lambda path: Path(folder, path.name)


_USE = "recommend run --k 3 --json"

_PREPARED, _RUN, _STUDY = "cache/miqrec/prepared/**/*", "run/*.*", "recipe/sasrec/seed-0/*.*"
_RESUME = typed("train --out run --resume --json")
_REPORT = typed("report recipe --json")
_START = (
    f"train {DATA} --model s3rec --init-from pretrained --epochs 1 --dim 8 "
    "--n-layers 1 --n-heads 1 --max-length 8 --batch-size 16"
)

_GONE = ("vanish", "become_folder")
"""What leaves a folder of runs without a study, or a study whose runs are to be done."""

READINGS = (
    Reading("cache", "run", _PREPARED, _cached, 6),
    Reading("cache", "run", _PREPARED, typed(_USE), 2),
    Reading("saved data set", "store", "store/*", _stored, 6),
    Reading("saved data set", "store", "store/*", typed("recommend run --data store --json"), 2),
    Reading("checkpoint", "stopped", "run/checkpoints/*", _RESUME, 18, fresh=True),
    Reading("stopped run", "stopped", _RUN, _RESUME, 10, fresh=True),
    Reading(
        "model", "models", "run/artifact/*", typed("evaluate run --json"), 14, _in("other/artifact")
    ),
    Reading("model", "models", "run/final/artifact/*", typed(_USE), 8, _in("other/artifact")),
    Reading("model", "models", "markov/artifact/*", typed("evaluate markov --json"), 8),
    Reading("finished run", "models", _RUN, _RESUME, 8, _in("other"), fresh=True),
    Reading("finished run", "models", _RUN, typed("compare run other --json"), 8, _in("other")),
    Reading("finished run", "study", _STUDY, _REPORT, 10),
    Reading("study.json", "study", "recipe/study.json", _REPORT, 12, spared=_GONE),
    Reading("pack", "pack", "recipe/[!s]*.*", _REPORT, 12),
    Reading("pack", "pack", "recipe/runs.json", typed(f"{REPRODUCE} --json"), 10, spared=_GONE),
    Reading("pre-training", "pre-training", "pretrained/*.*", typed(f"{PRETRAIN} --json"), 5),
    Reading(
        "pre-training",
        "pre-training",
        "pretrained/artifact/*",
        typed(f"{_START} --out s --json"),
        8,
        fresh=True,
    ),
    Reading("search", "search", "tuned/[!t]*.*", typed(f"{TUNE} --json"), 8),
    Reading("search", "search", "tuned/tune.db", typed(f"{TUNE} --json"), 10),
    Reading("search", "search", "tuned/trial-0/*.*", typed(f"{TUNE} --json"), 5),
    Reading(
        "recipe", "study", "recipe.toml", typed(f"{REPRODUCE} --dry-run --json"), 16, edited=True
    ),
)
