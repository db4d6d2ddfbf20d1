"""What views, carts and purchases teach of purchases, on the made-up shop.

    python examples/shop/generate.py shop --seed 1
    python -m benchmarks.events.kinds shop --seeds 3 --out kinds

SASRec is trained on all events alike, with a weight for each kind, and to predict purchases alone. Each is
asked for the same purchases, those among the newest tenth of the events: before the visit in which they
were made, and right before the purchase, when it lies in the cart. A run that was stopped goes on with the
models that are missing.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.updates.nights import COLUMNS, SASREC, read_days, values
from miqrec import Recommender
from miqrec.data.histories import Questions, some_questions
from miqrec.data.splitting import Splits, split
from miqrec.data.times import UNITS
from miqrec.evaluation.evaluate import rank_questions
from miqrec.statistics import bootstrap_ratio

TRAINED: Mapping[str, Mapping[str, Any]] = {
    "all alike": {},
    "weighted": {"kind_weights": {"view": 0.1, "cart": 0.5, "purchase": 1.0}},
    "purchases": {"target_kinds": "purchase"},
}
ASKED = "before the visit", "right before"
EPOCHS = 30
"""The most; fewer targets may want more of them."""
GAP = 30 * 60 * UNITS["us"]
"""What separates two visits."""


def ranks(log: pl.DataFrame, trained: Mapping[str, Any], seed: int) -> pl.DataFrame:
    """Train a model, and rank what was bought after the moment of the test."""
    settings: dict[str, Any] = COLUMNS | SASREC | {"epochs": EPOCHS, "seed": seed} | dict(trained)
    rec = Recommender.fit(log, **settings)
    artifact, config = rec.artifact, rec.artifact.config
    purchases = config.split.model_copy(update={"target_kinds": ("purchase",)})
    assert rec.dataset is not None  # since it was fitted here
    splits = split(rec.dataset, purchases, artifact.catalogue)
    late = some_questions(splits.test, np.flatnonzero(splits.test.targets))
    return pl.concat(
        rank_questions(artifact.model, each, artifact.popularity, config.inference).with_columns(
            asked=pl.lit(name)
        )
        for name, each in zip(ASKED, (before_visits(splits, late), late), strict=True)
    )


def before_visits(splits: Splits, questions: Questions) -> Questions:
    """End each history where the visit begins in which the question is asked."""
    sequences = splits.dataset.sequences
    assert sequences.times is not None  # the shop's log has times
    begins = np.diff(sequences.times, prepend=sequences.times[:1] - 2 * GAP) > GAP
    begins[sequences.offsets[:-1][sequences.lengths > 0]] = True
    rows = np.arange(len(begins))
    return replace(questions, stops=np.maximum.accumulate(rows * begins)[questions.stops])


def report(found: Mapping[str, list[pl.DataFrame]]) -> None:
    """Print how well purchases were found, and the ratio to the model that learns all events alike."""
    for asked in ASKED:
        frames = {
            name: [frame.filter(pl.col("asked") == asked) for frame in each]
            for name, each in found.items()
        }
        alike = values(frames["all alike"])
        for name, each in frames.items():
            mine = values(each)
            low, high = bootstrap_ratio(mine, alike, pair_seeds=True)
            hits = sum((frame["rank"] <= 10).mean() for frame in each) / len(each)  # type: ignore[misc]
            ratio = f"{mine.mean() / alike.mean():.3f} ({low:.3f} to {high:.3f})"
            size = f"{each[0].height} purchases by {mine.shape[1]} shoppers"
            print(f"{asked}, {name}: NDCG@10 {mine.mean():.4f}, HR@10 {hits:.3f}, {ratio}; {size}")


def main() -> None:
    """Read the command line, train what is missing, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shop", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="a folder for the ranks")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    log = pl.concat(read_days(options.shop))
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in TRAINED}
    for seed in range(options.seeds):
        for name, trained in TRAINED.items():
            path = options.out / f"{name.replace(' ', '-')}-{seed}.parquet"
            if not path.exists():
                ranks(log, trained, seed).write_parquet(path)
            found[name].append(pl.read_parquet(path))
    report(found)


if __name__ == "__main__":
    main()
