"""Export: a saved model as one file that recommends without this library, for ONNX Runtime or PyTorch."""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.export.onnx import export_onnx
    from miqrec.export.program import export_program

__all__ = ["export_onnx", "export_program"]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.export.onnx": ["export_onnx"],
        "miqrec.export.program": ["export_program"],
    },
)
