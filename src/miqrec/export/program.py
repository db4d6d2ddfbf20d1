"""A saved model as a program of PyTorch's (`torch.export`), which needs PyTorch alone to run."""

import warnings
from pathlib import Path

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.export.check import example, largest_difference
from miqrec.export.description import KEY, describe
from miqrec.export.graph import Answers, ScoringGraph
from miqrec.models.protocol import Model
from miqrec.runs.artifact import Artifact
from miqrec.system.files import replacing


def export_program(
    artifact: Artifact, path: Path, *, k: int = 100, inference: InferenceConfig | None = None
) -> float:
    """Write a program for `torch.export.load(path).module()`.

    It takes and returns what `ScoringGraph` does. Its extra file `miqrec` describes the items
    (`miqrec.export.description`). Where scores tie at the end of a list, the program may choose
    another item than `recommend`.

    Args:
        artifact: The saved model.
        path: The file to write, such as model.pt2.
        k: How many items a list has.
        inference: How the model is used; by default as the artifact says.

    Returns:
        The largest difference of a score from the model's own, relative to scores above 1.

    Raises:
        MiqrecError: The model can't be traced, or the program's scores are not the model's.
    """
    inference = inference or artifact.config.inference
    model, popularity = artifact.model, artifact.popularity
    program = trace(model, popularity, inference, k)
    run = program.module()
    difference = largest_difference(model, popularity, inference, lambda *x: Answers(*run(*x)))
    with replacing(path) as partial:
        extra = {KEY: describe(artifact, inference, k)}
        with partial.open("wb") as file:  # by a name it would have to end in .pt2
            torch.export.save(program, file, extra_files=extra)
    return difference


def trace(model: Model, popularity: Tensor, inference: InferenceConfig, k: int) -> ExportedProgram:
    """Trace the scoring for any batch and length; a model that can't is given histories of one length.

    Such a model reads padding, which costs time, so a warning (`MiqrecWarning`) says it.

    Raises:
        MiqrecError: Neither can be traced, or `k` is longer than the catalogue.
    """
    n_items = len(popularity) - 1
    if not 1 <= k <= n_items:
        raise MiqrecError(
            f"k is {k}, but the catalogue has {n_items} items: ask for 1 to {n_items}"
        )
    model.eval().to("cpu")
    try:
        return _trace(ScoringGraph(model, popularity, inference, k))
    except MiqrecError:
        raise
    except Exception:  # PyTorch raises errors of many kinds for what can't be traced
        padded = ScoringGraph(model, popularity, inference, k, padded=True)
    try:
        program = _trace(padded)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise MiqrecError(
            f"{type(model).__name__} can't be exported ({reason}); its `scores` must be made of "
            "operations whose shapes don't depend on the data"
        ) from error
    warnings.warn(
        f"{type(model).__name__} can't be traced for histories of any length, so the file pads each one "
        f"to {model.max_length} items: short histories take as long as long ones",
        MiqrecWarning,
        stacklevel=3,
    )
    return program


def _trace(graph: ScoringGraph) -> ExportedProgram:
    batch, length, excluded = Dim("batch"), Dim("length", min=1), Dim("excluded")
    shapes = ({0: batch, 1: length}, {0: batch}, {0: batch, 1: excluded})
    with torch.no_grad():
        return torch.export.export(graph, example(graph.model), dynamic_shapes=shapes)
