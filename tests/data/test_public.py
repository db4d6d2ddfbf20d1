"""What `miqrec.data` promises is there, and costs nobody more than it must."""

import subprocess
import sys

import miqrec.data


def test_every_public_name_is_there():
    for name in miqrec.data.__all__:
        assert getattr(miqrec.data, name).__module__.startswith("miqrec.data.")


def test_reading_data_needs_no_pytorch():
    code = "import sys; from miqrec.data import open_dataset, split; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
