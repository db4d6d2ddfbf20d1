"""One measurement, in a process of its own so that its peak memory is its own.

PYTHONPATH=src python -m benchmarks.lists.point batch 6040 miq-sasrec
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.lists.million import Newest
from benchmarks.lists.shop import dataset, recommender
from benchmarks.lists.steps import products_only, seconds_of_steps
from benchmarks.machine.clock import median_seconds
from benchmarks.machine.memory import MIB, Memory
from miqrec.data.histories import Histories
from miqrec.data.open import open_dataset
from miqrec.evaluation import ListRequest, made_up_histories, with_index
from miqrec.evaluation.top_lists import best_after
from miqrec.lists import Whom, ask
from miqrec.models.configs.markov import MarkovConfig
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig

K = 20
SECONDS = 3.0

Point = dict[str, Any]


def batch(n_users: int, model: str) -> Point:
    """Time `recommend_to` for users of a shop of ML-1M's size, length 200, into a folder of Parquet files."""
    config = {"sasrec": SASRecConfig(), "miq-sasrec": MIQSASRecConfig(window=10)}[model]
    shop = recommender(dataset(n_users, 3416, 165), config)
    memory = Memory()
    with tempfile.TemporaryDirectory() as folder:
        shop.recommend_to(Path(folder) / "warm-up", shop.dataset.users.head(256), k=K)
        began, cpu = time.perf_counter(), time.process_time()
        shop.recommend_to(Path(folder) / "recs", k=K)
        seconds, busy = time.perf_counter() - began, time.process_time() - cpu
    return {"users_per_second": n_users / seconds, "busy_cores": busy / seconds} | memory.summary()


def steps(n_users: int) -> Point:
    """Time the steps of the lists of MIQ-SASRec with a window of 10, and its products alone."""
    data = dataset(n_users, 3416, 165)
    shop = recommender(data, MIQSASRecConfig(window=10))
    asked = ask(shop.artifact, Whom(at_hand=shop.dataset), shop.device, k=K)
    seconds_of_steps(asked._replace(rows=asked.rows[:256]))
    shares = {name: seconds / n_users * 1e6 for name, seconds in seconds_of_steps(asked).items()}
    lengths = np.minimum(data.sequences.lengths, 200)
    return shares | {"products_only": products_only(lengths, 64, 10)}


def memory(n_users: int) -> Point:
    """Measure the memory of lists for so many users, whose histories are memory-mapped."""
    with tempfile.TemporaryDirectory() as folder:
        shop = _shop_on_disk(n_users, Path(folder))
        data = open_dataset(str(Path(folder) / "data"))
        began, used = time.perf_counter(), Memory()
        shop.recommend_to(Path(folder) / "recs", data=data, k=K)
        seconds = time.perf_counter() - began
        written = sum(path.stat().st_size for path in (Path(folder) / "recs").iterdir())
    return {"seconds": seconds, "written_mib": written / MIB} | used.summary()


def _shop_on_disk(n_users: int, folder: Path) -> Any:
    """Write the data in another process, whose memory is not counted here, and return a model of them."""
    child = os.fork()
    if child == 0:
        dataset(n_users, 2_000, 20).save(folder / "data")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    return recommender(dataset(2000, 2_000, 20), MarkovConfig())


def top_k(n_items: int, rows: int) -> Point:
    """Time the best 20 of so many items, for one history and for many, and a pass over their vectors."""
    request, histories = _asked(n_items)
    seconds = _timed(request, histories, rows)
    vectors = request.model.vectors
    read = median_seconds(vectors.sum, SECONDS)
    product = median_seconds(lambda: torch.mv(vectors, vectors[1]), SECONDS)
    size = vectors.numel() * 4
    return {
        "milliseconds": 1000 * seconds,
        "milliseconds_a_row": 1000 * seconds / rows,
        "product_milliseconds": 1000 * product,
        "read_gb_per_second": size / read / 1e9,
        "vectors_mib": size / MIB,
    }


def index(n_items: int, rows: int) -> Point:
    """Build the index, and time the best 20 by it."""
    request, histories = _asked(n_items)
    used, began = Memory(), time.perf_counter()
    indexed = with_index(request, histories)
    built = time.perf_counter() - began
    asked = np.arange(len(histories.users))
    exact, found = (best_after(each, histories, asked).items for each in (request, indexed))
    recall = (exact.unsqueeze(2) == found.unsqueeze(1)).any(2).float().mean()
    return {
        "build_seconds": built,
        "recall": float(recall),
        "cells": indexed.item_index.n_cells,
        "probes": indexed.item_index.probes,
        "milliseconds_a_row": 1000 * _timed(indexed, histories, rows) / rows,
        "exact_milliseconds_a_row": 1000 * _timed(request, histories, rows) / rows,
    } | used.summary()


def _asked(n_items: int) -> tuple[ListRequest, Histories]:
    request = ListRequest(Newest(n_items).eval(), torch.zeros(n_items + 1), K)
    return request, made_up_histories(np.ones(n_items, np.int64), 50)


def _timed(request: ListRequest, histories: Histories, rows: int) -> float:
    asked = np.arange(rows)
    return median_seconds(lambda: best_after(request, histories, asked), SECONDS)


MEASURED: dict[str, Callable[..., Point]] = {
    "batch": lambda n, model: batch(int(n), model),
    "steps": lambda n: steps(int(n)),
    "memory": lambda n: memory(int(n)),
    "top_k": lambda n, rows: top_k(int(n), int(rows)),
    "index": lambda n, rows: index(int(n), int(rows)),
}


if __name__ == "__main__":
    name, *words = sys.argv[1:]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    print(json.dumps(MEASURED[name](*words) | {"load": os.getloadavg()[0]}))
