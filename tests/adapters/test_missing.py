"""A framework that is not installed is named, with the command that installs it."""

import subprocess
import sys

import pytest

HUGGING_FACE = "miqrec.adapters.huggingface"


@pytest.mark.parametrize(
    ("package", "statement", "command"),
    [
        (
            "huggingface_hub",
            f"from {HUGGING_FACE} import HubRecommender",
            "'miqrec[huggingface]'",
        ),
        ("transformers", f"from {HUGGING_FACE} import MIQRecModel", "'miqrec[huggingface]'"),
        ("rectools", "import miqrec.adapters.rectools", "'RecTools[torch]==0.19.0'"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(package, statement, command):
    code = f"import sys; sys.modules[{package!r}] = None\n{statement}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith(
        f"this needs {package}, which is not installed: pip install {command}"
    )
