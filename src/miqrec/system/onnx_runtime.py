"""ONNX Runtime, which keeps to itself what it runs.

From 1.29 on its Linux builds tell Microsoft of each session by default: the model's file name, graph, hashes
of its weights, and timings. `ORT_DISABLE_TELEMETRY` switches that off, if it is set before the library is
loaded.
"""

import os
from typing import Any

from miqrec.system.optional import optional


def onnx_runtime(extra: str) -> Any:
    """Import ONNX Runtime, its telemetry switched off unless the environment says otherwise.

    Args:
        extra: What of miqrec's extras brings it.

    Raises:
        MiqrecError: It is not installed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return optional("onnxruntime", extra)
