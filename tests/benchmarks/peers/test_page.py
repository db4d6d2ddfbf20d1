"""The page of a small benchmark whose numbers are known."""

import json
from pathlib import Path

from benchmarks.peers.jobs import Job
from benchmarks.peers.page import markdown, write
from benchmarks.peers.report import Report
from benchmarks.peers.state import Measured
from benchmarks.peers.works import Pair, Work

JOBS = {
    "RecTools": Job("rectools", "train"),
    "SASRec": Job("ours", "train", attention_dropout=0.0),
    "MIQ": Job("ours", "train", model="miq-sasrec", window=10, attention_dropout=0.0),
}
WORK = Work("Training", JOBS, [Pair("SASRec", "RecTools"), Pair("SASRec", "MIQ")])
SECONDS = {"RecTools": [100.0, 120.0], "SASRec": [10.0, 20.0], "MIQ": [25.0, 70.0]}
COUNTS = {"positions": 1000, "pairs": 50_000}


def result(job: Job, seconds: float) -> dict[str, object]:
    return {
        "precision": "32-true",
        "dropout": 0.2,
        "attention_dropout": job.attention_dropout,
        "seconds": [seconds],
        "targets": 1000,
        "items": 3416,
        "peak_mib": 700.0,
        "above_start_mib": 200.0,
        "threads": 2,
        "load": 0.5,
        "versions": {"torch": "2.13.0"},
    }


def limits(rate: float) -> dict[str, object]:
    float32 = {"square 2048": rate, "projection": rate / 2}
    float32 |= {"pooling scores": rate / 5, "attention scores": rate / 4}
    bfloat16 = {shape: 2 * of_shape for shape, of_shape in float32.items()}
    rates = {"float32": float32, "bfloat16": bfloat16, "copy": 1e10}
    return {"rates": rates, "threads": 2, "load": 0.5, "versions": {"torch": "2.13.0"}}


def report() -> Report:
    rows = [
        Measured("train-ml-1m", label, repetition, job, result(job, SECONDS[label][repetition]))
        for repetition in (0, 1)
        for label, job in JOBS.items()
    ]
    job = Job("limits", "limits")
    rows += [Measured("limits", "limits", number, job, limits(1e9)) for number in (0, 1)]
    about = {"processor": "a processor", "cores": 2, "memory_gib": 24, "system": "Linux"}
    about |= {"date": "2026-11-23", "commit": "abc", "command": "make bench"}
    return Report({"train-ml-1m": WORK}, rows, dict.fromkeys(JOBS.values(), COUNTS), about)


def test_ratios_with_their_spread() -> None:
    page = markdown(report())
    assert "| SASRec | 8.00 (6.00 .. 10.00) | RecTools |" in page  # 120 / 20 and 100 / 10
    assert "| SASRec | 3.00 (2.50 .. 3.50) | MIQ |" in page  # 25 / 10 and 70 / 20


def test_a_side_with_its_rate_dropout_and_memory() -> None:
    row = next(line for line in markdown(report()).splitlines() if line.startswith("| RecTools |"))
    assert "| float32 | 0.2, 0.2 | 3,416 | 110.00 (100.00 .. 120.00) | 9 (8 .. 10) |" in row
    assert "| 700 | 200 |" in row


def test_the_time_that_queries_add_by_the_time_of_their_operations() -> None:
    lines = markdown(report()).splitlines()
    row = next(line for line in reversed(lines) if line.startswith("| MIQ | float32 |"))
    D, m = 64, 10
    maps = 1000 * (2 * D * D * (m - 1) + 2 * D * D * m)  # more queries, and what pooling asks
    pooling, attention = 1000 * (2 * D * m * m + 2 * D * m), 50_000 * (m - 1) * 4 * D
    square = 3 * 2 * (maps + pooling + attention) / 1e9  # seconds at 1 GFLOP/s
    own = 3 * 2 * (maps / 0.5e9 + pooling / 0.2e9 + attention / 0.25e9)
    taken = [25 - 10, 70 - 20]
    for added in (square, own):
        low, high = (f"{seconds / added:.2f}" for seconds in taken)
        assert f"({low} .. {high})" in row


def test_the_machine_its_load_and_the_versions_are_named() -> None:
    page = markdown(report())
    for fact in (
        "a processor",
        "2026-11-23",
        "`make bench`",
        "rectools: torch 2.13.0",
        "0.5 to 0.5",
    ):
        assert fact in page
    assert "Repetitions: 2; threads a process: 2;" in page


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    write(report(), tmp_path)
    measurements = json.loads((tmp_path / "peers.json").read_text())["measurements"]
    assert len(measurements) == 2 * 3 + 2
    assert Job(**measurements[0]["job"]) == JOBS["RecTools"]


def test_works_that_were_not_measured_as_often_are_told_apart() -> None:
    whole = report()
    once = whole._replace(rows=[row for row in whole.rows if row[0] != "limits" or not row[2]])
    assert "Repetitions: train-ml-1m 2, limits 1; threads" in markdown(once)
