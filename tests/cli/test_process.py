"""What a process is told: where nobody has spoken, and without glibc too."""

import os

from miqrec.cli import process


def test_whoever_has_spoken_is_not_overruled(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE", raising=False)
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    process.prepare()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "1"
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "32"


def test_freed_memory_is_kept_where_the_c_library_can(monkeypatch):
    told = []
    monkeypatch.setattr(process, "_mallopt", lambda: lambda *words: told.append(words))
    process.prepare()
    assert told == [(process.M_MMAP_MAX, 0), (process.M_TRIM_THRESHOLD, 2**31 - 1)]
    monkeypatch.setattr(process, "_mallopt", lambda: None)
    process.prepare()
