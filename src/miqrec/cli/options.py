"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_cache_path

from miqrec.config import Config
from miqrec.data.split_config import Held

Data = Annotated[
    str,
    typer.Option(
        help="A file or folder of interactions, or the name of a data set (see `miqrec datasets`)."
    ),
]
OptionalData = Annotated[
    str | None,
    typer.Option("--data", help="The interactions; by default what the model was trained on."),
]
Items = Annotated[Path | None, typer.Option(help="A file with titles and attributes of the items.")]
NewItems = Annotated[
    Path | None,
    typer.Option(
        help="A file of items with attributes; those that the model has never seen get vectors like those of "
        "items with the same attributes."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(envvar="MIQREC_DATA", help="Where the named data sets are looked for first."),
]
Device = Annotated[
    str | None,
    typer.Option(help="cpu, cuda or cuda:1; by default an NVIDIA GPU where there is one."),
]
Part = Annotated[Held, typer.Option("--split", help="Which held-out items.")]
Mix = Annotated[
    str | None,
    typer.Option(
        help="Weights of the newest positions' answers, newest first, such as '0.6 0.4', so that a list "
        "doesn't turn with one odd item; '1' asks the newest alone, 'trained' takes the weights that the "
        "model learned. Default: the model's."
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        help="What scores are divided by before answers are mixed; models trained by bce or gbce need one. "
        "Default: the model's."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


class Source(Config):
    """The interactions that saved models are asked about, and where they compute."""

    data: OptionalData = None
    data_dir: DataDir = None
    device: Device = None


CACHE = user_cache_path("miqrec") / "prepared"
"""Prepared data sets, memory-mapped: a file is read once, until it changes."""
