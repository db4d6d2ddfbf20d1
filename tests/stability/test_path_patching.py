"""Patched lists beside clean ones: nothing patched is the noisy list, everything patched the clean one."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from miqrec.data.histories import Questions
from miqrec.evaluation.ranking import exclude, top_k
from miqrec.models.registry import build_model, find_model
from miqrec.stability.path_patching import Patch, all_patches, measure_paths, summarise_paths
from miqrec.stability.similarity import frbo

N_ITEMS = 40
LISTS = [[1, 2, 3, 4], [5, 6], [], [7, 8, 9]]
NOISE = [[20, 21, 22, 23], [30, 31, 32, 33]]  # the odd item of each question, a list a draw
TARGETS = [10, 11, 12, 13]


def questions(lists):
    lengths = np.array([len(items) for items in lists])
    stops = lengths.cumsum()
    flat = np.array([item for items in lists for item in items], np.int32)
    return Questions(
        *(flat, np.arange(4) + 100, stops - lengths, stops, N_ITEMS, 200),
        targets=np.array(TARGETS, np.int32),
    )


def noisy(odd):
    return questions([[*items, item] for items, item in zip(LISTS, odd, strict=True)])


@pytest.fixture(scope="module")
def model():
    config = find_model("miq-sasrec").config(
        dim=8, n_heads=2, n_layers=2, window=2, max_length=10, dropout=0.2
    )
    return build_model(config, N_ITEMS).eval()


@pytest.fixture(scope="module")
def frame(model) -> pl.DataFrame:
    return measure_paths(model, questions(LISTS), [noisy(odd) for odd in NOISE])


def the_list(model, items, seen):
    scores = model.scores(torch.tensor([items]), torch.tensor([len(items)])).detach()
    exclude(scores, torch.zeros(len(seen), dtype=torch.int64), torch.tensor(seen))
    return top_k(scores, 10)[1][0]


def values(frame, blocks, clean):
    return frame.filter(blocks=blocks, clean=clean).sort("user")


def test_two_blocks_have_every_set_of_paths_in_each_and_in_both():
    patches = all_patches(2)
    assert len(patches) == 1 + 3 * 7
    assert Patch("2", ("query", "residual")).by_block(2) == [(), ("query", "residual")]
    assert Patch("every", ("query",)).by_block(2) == [("query",), ("query",)]
    assert len(all_patches(1)) == 1 + 7  # the only block is every block


def test_users_with_a_history_are_measured_for_every_patch(frame):
    names = frame.select("blocks", "clean").unique()
    assert names.height == 22 + 1
    assert values(frame, "every", "nothing")["user"].to_list() == [100, 101, 103]


def test_nothing_patched_is_the_noisy_list_with_the_candidates_of_the_clean_history(model, frame):
    expected = []
    for place in (0, 1, 3):
        clean = the_list(model, LISTS[place], LISTS[place])
        lists = [the_list(model, [*LISTS[place], odd[place]], LISTS[place]) for odd in NOISE]
        expected.append(np.mean([frbo(one, clean, 10).item() for one in lists]))
    assert values(frame, "every", "nothing")["FRBO@10"].to_list() == pytest.approx(expected)


def test_everything_patched_in_the_last_block_is_the_clean_list(model, frame):
    everything = values(frame, "2", "query + key-value + residual")
    assert everything["FRBO@10"].to_list() == pytest.approx([1, 1, 1])
    gains = []
    for place in (0, 1, 3):
        found = the_list(model, LISTS[place], LISTS[place]).tolist()
        rank = found.index(TARGETS[place]) + 1 if TARGETS[place] in found else math.inf
        gains.append(1 / math.log2(rank + 1))
    assert everything["NDCG@10"].to_list() == pytest.approx(gains)


def test_a_target_that_was_seen_is_a_miss(model):
    asked = replace(questions(LISTS), targets=np.array([1, 5, 12, 7], np.int32))
    odd = replace(noisy(NOISE[0]), targets=asked.targets)
    assert measure_paths(model, asked, [odd])["NDCG@10"].sum() == 0


def test_the_summary_has_means_and_half_of_an_interval():
    frame = pl.DataFrame(
        {"blocks": ["1"] * 2, "clean": ["query"] * 2, "FRBO@10": [0.2, 0.4], "NDCG@10": [0.0, 1.0]}
    )
    row = summarise_paths(frame).row(0, named=True)
    assert row["FRBO@10"] == pytest.approx(0.3)
    assert row["FRBO@10 ±"] == pytest.approx(1.96 * 0.1)  # deviation .1414 over the root of 2
    assert row["users"] == 2
