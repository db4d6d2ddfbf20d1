"""The trained models that a study of stability is about, found by the paths that were typed."""

import warnings
from collections.abc import Iterable
from pathlib import Path

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.archive.folders import RunFolder, find_run_folders
from miqrec.runs.artifact import load_artifact


def find_subjects(paths: Iterable[Path]) -> list[RunFolder]:
    """Find finished runs at or below each path, or the saved model that it is.

    Raises:
        MiqrecError: two have the same system and seed, or a path has neither run nor saved model.
    """
    found = [subject for path in paths for subject in _subjects(path)]
    places: dict[tuple[str, int], Path] = {}
    for system, seed, folder in found:
        other = places.setdefault((system, seed), folder)
        if other != folder:
            raise MiqrecError(
                f"{other} and {folder} are both called {system}, with seed {seed}; rename the folder of one"
            )
    return list(dict.fromkeys(found))


def _subjects(path: Path) -> list[RunFolder]:
    runs = find_run_folders(path)
    unfinished = [run for run in runs if not run.is_finished]
    if unfinished and len(unfinished) < len(runs):
        names = ", ".join(str(run.folder) for run in unfinished)
        warnings.warn(f"not finished, and left out: {names}", MiqrecWarning, stacklevel=4)
    finished = [run for run in runs if run.is_finished]
    return finished or [_saved_model(path)]


def _saved_model(path: Path) -> RunFolder:
    training = load_artifact(path).config.training
    return RunFolder(path.resolve().name, training.seed if training else 0, path)
