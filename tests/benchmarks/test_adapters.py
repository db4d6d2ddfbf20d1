"""The page on adapters has what was run."""

import pytest
import torch
from benchmarks.adapters.metrics import hits
from benchmarks.adapters.runs import FRAMEWORKS, recorded
from benchmarks.adapters.table import table
from benchmarks.harness.folders import BENCHMARKS

PAGE = BENCHMARKS.parent / "docs" / "adapters" / "README.md"


def test_the_table_is_made_from_the_runs() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_run_is_there_twice(framework: str) -> None:
    runs = [(row["system"], row["seed"]) for row in recorded(framework)]
    assert len(runs) == len(set(runs))


def test_the_rank_of_an_item_counts_ties_against_it() -> None:
    scores = torch.tensor([[0.0, 3, 2, 1], [0, 1, 1, 0], [9, 1, 2, 3]])
    found = hits(scores, torch.tensor([2, 1, 0]))  # ranks 2, 2 and 1
    assert found["HR@10"] == 1
    assert found["NDCG@10"] == pytest.approx((2 / 1.5849625 + 1) / 3)
