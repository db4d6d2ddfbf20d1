"""`miqrec pack`: a study's finished runs in a few files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.options import Json
from miqrec.cli.output import print_json
from miqrec.errors import MiqrecError
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    from miqrec.experiments.archive.packing import Packing

Folder = Annotated[Path, typer.Argument(help="A study's folder, or a folder of several studies.")]
DeleteModels = Annotated[
    bool,
    typer.Option(
        "--delete-models", help="Also pack runs that hold trained models, and delete the models."
    ),
]


def pack(folder: Folder, delete_models: DeleteModels = False, json: Json = False) -> None:
    """Pack the finished runs of a study: settings, scores and ranks of all of them in three files.

    `miqrec reproduce`, `report` and `compare` go on with packed runs as with folders. A folder is
    removed once the pack holds all that it holds; what is not finished, or holds more, stays.

    Example: miqrec pack runs/table2-ml-1m --delete-models
    """
    from miqrec.experiments.archive.packing import pack_study
    from miqrec.experiments.archive.read import find_studies

    studies = find_studies(folder)
    if not studies:
        raise MiqrecError(
            f"there is no study in {folder}; give a folder that `miqrec reproduce --out` wrote into"
        )
    packings = {study: pack_study(study, delete_models=delete_models) for study in studies}
    if json:
        print_json({str(study): _content(packing) for study, packing in packings.items()})
        return
    for study, packing in packings.items():
        messages.print(
            f"{study}: {len(packing.packed)} folders packed, {len(packing.left)} left",
            soft_wrap=True,
        )
        for left, reason in packing.left.items():
            messages.print(f"  {left} stays: {reason}", soft_wrap=True)


def _content(packing: "Packing") -> dict[str, object]:
    return {
        "packed": [str(folder) for folder in packing.packed],
        "left": {str(folder): reason for folder, reason in packing.left.items()},
    }
