"""Published measurements stay readable, and published pages are what their numbers give."""

import json
from pathlib import Path

import pytest
from benchmarks.growth.page import page
from benchmarks.harness.folders import RESULTS
from benchmarks.peers.jobs import Job
from benchmarks.peers.sides import SIDES

COMPARISONS = sorted(RESULTS.rglob("peers.json"))


@pytest.mark.parametrize("file", COMPARISONS, ids=[str(file.parent.name) for file in COMPARISONS])
def test_every_measurement_is_of_a_known_side(file: Path) -> None:
    measurements = json.loads(file.read_text(encoding="utf-8"))["measurements"]
    assert {Job(**row["job"]).side for row in measurements} <= SIDES.keys()


def test_the_page_on_growth_is_made_from_its_numbers() -> None:
    content = json.loads((RESULTS / "growth.json").read_text())
    assert page(content["points"], content["machine"]) == (RESULTS / "growth.md").read_text()
