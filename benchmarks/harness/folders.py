"""The folders that benchmarks read and write."""

from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]
SOURCES = BENCHMARKS.parent / "src"
RESULTS = BENCHMARKS / "results"
STATE = BENCHMARKS / ".state"
"""Holds exported data and what was measured so far; it is no part of the repository."""
