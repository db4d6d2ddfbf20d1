"""A sample of the cases of `make test-faults`, and the tools that they are made of."""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from faults.aftermath import compared
from faults.children import in_child
from faults.damage import DAMAGES
from faults.events import at_event, interrupt, kill
from faults.records import Record, read_records
from faults.snapshots import snapshot
from faults.table import to_markdown

TESTS = Path(__file__).parents[1]


@pytest.mark.skipif(sys.platform != "linux", reason="the drivers fork, and name Linux's rights")
def test_nothing_is_lost_and_nothing_is_silently_wrong(tmp_path):
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = tmp_path / "log.jsonl"
    drivers = ("kills", "mutations", "disks")  # stores have tests of their own
    command = (sys.executable, "-m", "faults", *drivers, "--share", "0.03", "--log", str(log))

    tried = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )

    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert {record.driver for record in read_records(log).values()} == set(drivers)


def test_a_process_is_hit_at_the_same_event_each_time(tmp_path):
    def write() -> None:
        for name in "abc":
            (tmp_path / name).touch()

    for number, left in ((0, set()), (2, {"a", "b"})):
        for path in tmp_path.iterdir():
            path.unlink()
        assert in_child(at_event(write, tmp_path, number, kill)).code == -9
        assert {path.name for path in tmp_path.iterdir()} == left


def test_an_interrupt_is_what_ctrl_c_is(tmp_path):
    ended = in_child(at_event((tmp_path / "a").touch, tmp_path, 0, interrupt))

    assert ended.code == 1
    assert ended.err.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_of_every_kind_is_seen_in_a_snapshot(tmp_path, damage):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"test": {"HR@10": 0.25}, "valid": {"HR@10": 0.5}}, indent=1))
    before = snapshot(tmp_path)

    DAMAGES[damage](path, Random(1))

    if damage == "forbid":
        assert path.stat().st_mode & 0o777 == 0
    else:
        assert snapshot(tmp_path) != before


def test_times_by_the_clock_are_no_difference(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"test": {"HR@10": 0.25}, "fit_seconds": 1.5}')
    before = snapshot(tmp_path)

    path.write_text('{"test": {"HR@10": 0.25}, "fit_seconds": 2.5}')
    assert snapshot(tmp_path) == before
    path.write_text('{"test": {"HR@10": 0.35}, "fit_seconds": 2.5}')
    assert snapshot(tmp_path) != before


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ({"a": "1", "b": "2"}, "unharmed"),
        ({"a": "1"}, "lost"),
        ({"a": "1", "b": "3"}, "silently wrong"),
        ({"a": "1", "b": "2", ".miqrec-0": "4"}, "left behind"),
    ],
)
def test_a_verdict_says_how_two_folders_differ(found, outcome):
    assert compared(found, {"a": "1", "b": "2"}).outcome == outcome


def test_the_table_counts_what_cases_of_a_row_came_to():
    records = [
        Record("mutations/0", "model", "refused", "", 0.1),
        Record("mutations/1", "model", "silently wrong", "", 0.1),
    ]

    assert to_markdown(records).splitlines()[2:] == [
        "| model | 2 |  | 1 |  | 1 |  |  |",
        "| all | 2 |  | 1 |  | 1 |  |  |",
    ]
