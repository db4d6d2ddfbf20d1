"""A saved model as an ONNX file, for ONNX Runtime in any of its languages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from miqrec.evaluation.inference import InferenceConfig
from miqrec.export.check import largest_difference
from miqrec.export.description import KEY, describe
from miqrec.export.graph import Answers
from miqrec.export.program import trace
from miqrec.runs.artifact import Artifact
from miqrec.system.files import replacing
from miqrec.system.onnx_runtime import onnx_runtime
from miqrec.system.optional import optional


def export_onnx(
    artifact: Artifact, path: Path, *, k: int = 100, inference: InferenceConfig | None = None
) -> float:
    """Write an ONNX file whose inputs and outputs have the names and shapes of `ScoringGraph`'s.

    Its metadata property `miqrec` describes the items (`miqrec.export.description`).

    Args:
        artifact: The saved model.
        path: The file to write, such as model.onnx.
        k: How many items a list has.
        inference: How the model is used; by default as the artifact says.

    Returns:
        The largest difference of a score in ONNX Runtime from the model's own, relative to scores above 1.

    Raises:
        MiqrecError: onnx, onnxscript or onnxruntime is missing, the model can't be traced, or the scores
            are not the model's; then nothing is written.
    """
    for package in ("onnx", "onnxscript"):
        optional(package, "export")
    runtime = onnx_runtime("export")
    inference = inference or artifact.config.inference
    model, popularity = artifact.model, artifact.popularity
    program = trace(model, popularity, inference, k)
    with _quiet():
        exported: Any = torch.onnx.export(
            program, dynamo=True, verbose=False, output_names=list(Answers._fields)
        )
    exported.model.metadata_props[KEY] = describe(artifact, inference, k)
    with replacing(path) as partial:
        exported.save(partial)
        session = runtime.InferenceSession(partial, providers=["CPUExecutionProvider"])
        return largest_difference(model, popularity, inference, lambda *x: _run(session, *x))


def _run(session: Any, *inputs: Tensor) -> Answers:
    names = [each.name for each in session.get_inputs()]
    arrays = dict(zip(names, (x.numpy() for x in inputs), strict=True))
    outputs = session.run(list(Answers._fields), arrays)
    return Answers(*map(torch.from_numpy, outputs))


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what PyTorch's exporter logs of packages that are not needed here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
