"""What a run remembers of its process."""

import re
from pathlib import Path

import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.system.environment import (
    COUNTS,
    choose_device,
    environment,
    peak_mib,
    require_float64,
)


@pytest.mark.parametrize("program", ["/usr/bin/miqrec", "/src/miqrec/__main__.py"])
def test_the_command_can_be_pasted(program, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "train", "--data", "my log.csv"])
    assert environment().command == "miqrec train --data 'my log.csv'"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's own count")
@pytest.mark.skipif(torch.cuda.is_available(), reason="counts the GPU's memory")
def test_peak_memory_is_what_the_system_counts():
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kibibytes = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    assert peak_mib() == pytest.approx(kibibytes / 1024, rel=0.01)


class TestDevices:
    def test_without_a_wish_it_is_the_best_one(self):
        best = "cuda" if torch.cuda.is_available() else "cpu"
        assert choose_device() == torch.device(best)

    @pytest.mark.parametrize("gpus", [0, 1])
    def test_apples_gpu_is_never_chosen_by_itself(self, monkeypatch, gpus):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        assert choose_device() == torch.device("cuda" if gpus else "cpu")
        assert choose_device("mps") == torch.device("mps")

    def test_a_device_may_be_named_or_given(self, monkeypatch):
        monkeypatch.setitem(COUNTS, "cuda", lambda: 2)
        assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")
        assert choose_device("cuda:1") == torch.device("cuda", 1)

    @pytest.mark.parametrize(
        ("wanted", "sentence"),
        [
            ("cuda:2", "there is no device cuda:2 here: PyTorch finds 2 of the kind cuda"),
            ("gpu", "'gpu' is no device; give cpu, cuda, cuda:1 or mps"),
            ("xla", "'xla' is no device; give cpu, cuda, cuda:1 or mps"),
        ],
    )
    def test_what_is_not_here_is_refused(self, monkeypatch, wanted, sentence):
        monkeypatch.setitem(COUNTS, "cuda", lambda: 2)
        with pytest.raises(MiqrecError, match=re.escape(sentence)):
            choose_device(wanted)

    def test_apples_gpu_is_refused_for_what_needs_float64(self):
        require_float64(torch.device("cpu"), "pre-training")
        with pytest.raises(MiqrecError, match="pre-training needs float64, which Apple's GPU"):
            require_float64(torch.device("mps"), "pre-training")
