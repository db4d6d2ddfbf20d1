"""What a process is told, where nobody has spoken and without glibc too, and what it loads."""

import os
import subprocess
import sys

from miqrec.system import process


def test_whoever_has_spoken_is_not_overruled(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE", raising=False)
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    process.prepare()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert "GOMP_SPINCOUNT" not in os.environ
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "1"
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "32"


def test_threads_that_wait_spin_for_a_moment_and_then_sleep(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    process.prepare()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert os.environ["GOMP_SPINCOUNT"] == "1000"


def test_freed_memory_is_kept_where_the_c_library_can(monkeypatch):
    told = []
    monkeypatch.setattr(process, "_mallopt", lambda: lambda *words: told.append(words))
    process.prepare()
    assert told == [(process.M_MMAP_MAX, 0), (process.M_TRIM_THRESHOLD, 2**31 - 1)]
    monkeypatch.setattr(process, "_mallopt", lambda: None)
    process.prepare()


def test_commands_are_there_before_what_only_training_needs():
    heavy = "{'lightning', 'matplotlib', 'optuna', 'scipy', 'statsmodels', 'torchmetrics'}"
    code = f"import sys, miqrec.cli; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
