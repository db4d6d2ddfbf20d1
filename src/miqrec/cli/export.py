"""`miqrec export`: a saved model as one file for another runtime."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from miqrec.cli.options import Mix, Temperature
from miqrec.system.progress import console as messages

Folder = Annotated[Path, typer.Argument(help="A saved model, or a run.")]
Kind = Annotated[
    Literal["onnx", "torch"],
    typer.Option(
        "--format", help="onnx for ONNX Runtime, or torch for a program of PyTorch's (.pt2)."
    ),
]
Out = Annotated[Path, typer.Option(help="The file to write.")]
K = Annotated[int, typer.Option(min=1, help="How many items a list has.")]


def export(
    folder: Folder,
    out: Out,
    kind: Kind = "onnx",
    k: K = 100,
    mix: Mix = None,
    temperature: Temperature = None,
) -> None:
    """Write a saved model as one file that recommends without this library.

    The file takes histories of any number and length, and the items to leave out; it returns the best
    items and the scores of all. It says which items it knows, and it was compared with the model.

    Example: miqrec export runs/miq --out model.onnx
    """
    from miqrec.export import export_onnx, export_program
    from miqrec.recommender import Recommender
    from miqrec.runs.artifact import for_use

    recommender = Recommender.load(for_use(folder), device="cpu")
    artifact = recommender.with_inference(mix=mix, temperature=temperature).artifact
    write = {"onnx": export_onnx, "torch": export_program}[kind]
    k = min(k, artifact.catalogue.n_items)
    difference = write(artifact, out, k=k)
    messages.print(
        f"{out}: {artifact.config.model.name} with {artifact.catalogue.n_items:,} items, lists of {k}; "
        f"its scores are within {difference:.1g} of the model's",
        soft_wrap=True,
    )
