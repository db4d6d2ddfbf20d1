"""What is trained: data and a model, or a recipe for both such as table3-lastfm:sasrec."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.errors import MiqrecError
from miqrec.experiments.recipes import study_names
from miqrec.models.registry import model_names

if TYPE_CHECKING:
    from miqrec.experiments.studies.study import Study

Data = Annotated[
    str | None,
    typer.Option(
        help="A file or folder of interactions, or a data set's name (`miqrec datasets`)."
    ),
]
ModelName = Annotated[
    str | None, typer.Option(help=f"One of {', '.join(model_names())}; by default miq-sasrec.")
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help=f"Data, model and settings of a system of {', '.join(study_names())}, or of a TOML "
        "file, as in table3-lastfm:sasrec; options that are typed override it.",
    ),
]


def read_recipe(recipe: str, init_from: Path | None) -> tuple["Study", str]:
    """Read a recipe: the study, and the name of the system in it.

    Raises:
        MiqrecError: it starts from a pre-training and none was given; or as `read_system`.
    """
    from miqrec.experiments.studies.plan import pretraining_command
    from miqrec.experiments.studies.recipe_files import read_system

    study, system = read_system(recipe)
    plan = study.systems[system]
    if plan.pretraining is not None and init_from is None:
        command = pretraining_command(study, plan.pretraining, Path("FOLDER"))
        raise MiqrecError(
            f"{recipe} starts from a pre-training: run `miqrec {' '.join(command)}` first, "
            "then give --init-from FOLDER"
        )
    return study, system
