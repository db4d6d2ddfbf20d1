"""What a run remembers of its process."""

import re
from pathlib import Path

import pytest
import torch

from miqrec.system.environment import environment, peak_mib


@pytest.mark.parametrize("program", ["/usr/bin/miqrec", "/src/miqrec/__main__.py"])
def test_the_command_can_be_pasted(program, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "train", "--data", "my log.csv"])
    assert environment().command == "miqrec train --data 'my log.csv'"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's own count")
@pytest.mark.skipif(torch.cuda.is_available(), reason="counts the GPU's memory")
def test_peak_memory_is_what_the_system_counts():
    status = Path("/proc/self/status").read_text()
    kibibytes = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    assert peak_mib() == pytest.approx(kibibytes / 1024, rel=0.01)
