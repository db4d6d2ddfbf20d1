"""ONNX Runtime is loaded with its telemetry switched off, unless somebody wants it."""

import subprocess
import sys

import pytest

CODE = """
import os
from miqrec.system.onnx_runtime import onnx_runtime

onnx_runtime("export")
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.parametrize(("said", "kept"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")])
def test_telemetry_is_off_unless_the_environment_says_otherwise(said, kept, monkeypatch):
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kept
