"""Ten nights of the made-up shop: a model that is updated beside one that is fitted again.

    python examples/shop/generate.py shop --seed 1
    python -m benchmarks.updates.nights shop --seeds 3 --out nights

The base is fitted on all but the last 15 days, and updated on each of the next 10. The model that starts over
is fitted on all of these days at once. Both are asked for every event of the last 5 days. A run that was
stopped goes on with the seeds that are missing.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from miqrec import Recommender
from miqrec.evaluation.metrics import ndcg
from miqrec.statistics import bootstrap_ratio
from miqrec.statistics.values import Values, per_user
from miqrec.training.step import SequenceTraining

NIGHTS, TESTED = 10, 5
MODELS = "not updated", "updated", "fitted again"

COLUMNS = {"user": "shopper_ref", "item": "sku", "time": "happened_ms", "kind": "what"}
SASREC = {
    "model": "sasrec",
    "max_length": 50,
    "epochs": 12,
    "patience": 3,
    "learning_rate": 0.003,
    "exclude_seen": False,
    "split": "time",
}


class Cost(NamedTuple):
    """What a training took."""

    steps: int = 0
    tokens: int = 0  # items that were encoded, of all steps
    seconds: float = 0.0  # of the processor

    def __add__(self, other: tuple[float, ...]) -> "Cost":  # type: ignore[override]
        """Add up two trainings."""
        return Cost(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


Ranks = dict[str, pl.DataFrame]
Costs = dict[str, Cost]


def measured(work: Callable[[], Recommender]) -> tuple[Recommender, Cost]:
    """Do a training, and count its steps and tokens."""
    counted, plain = [0, 0], SequenceTraining.training_step

    def step(self: SequenceTraining, batch: list, batch_idx: int) -> object:
        counted[0] += 1
        counted[1] += sum(int(piece.lengths.sum()) for piece in batch)
        return plain(self, batch, batch_idx)

    SequenceTraining.training_step = step  # type: ignore[method-assign, assignment]
    began = time.process_time()
    try:
        return work(), Cost(*counted, time.process_time() - began)
    finally:
        SequenceTraining.training_step = plain  # type: ignore[method-assign]


def read_days(shop: Path) -> list[pl.DataFrame]:
    """Read the log without bots, which look at hundreds of products a day: a frame a day."""
    log = pl.read_parquet(shop / "log").sort("happened_ms", maintain_order=True)
    busiest = log.group_by("shopper_ref", "day").len().filter(pl.col("len") > 100)
    people = log.filter(~pl.col("shopper_ref").is_in(busiest["shopper_ref"].unique().implode()))
    return [day.drop("day") for day in people.partition_by("day", maintain_order=True)]


def compare(days: list[pl.DataFrame], seed: int) -> tuple[Ranks, Costs]:
    """Give the ranks of the last days' events by each model, and what each took."""
    until = [
        pl.concat(days[:n]) for n in range(len(days) - NIGHTS - TESTED, len(days) - TESTED + 1)
    ]
    tested = pl.concat(days)
    fit = {**COLUMNS, **SASREC, "seed": seed, "final": True}
    base, of_base = measured(lambda: Recommender.fit(until[0], **fit))
    again, of_again = measured(lambda: Recommender.fit(until[-1], **fit))
    rec, of_updates = base, Cost()
    for log in until[1:]:
        rec, spent = measured(lambda before=rec, log=log: before.update(log))  # type: ignore[misc]
        of_updates += spent
    models = dict(zip(MODELS, (_asked_later(base, again), rec, again), strict=True))
    costs = dict(zip(MODELS, (of_base, of_updates, of_again), strict=True))
    return {name: model.ranks(data=tested) for name, model in models.items()}, costs


def _asked_later(old: Recommender, new: Recommender) -> Recommender:
    """Ask an old model what a newer one is asked."""
    until = new.artifact.config.trained_until
    config = old.artifact.config.model_copy(update={"trained_until": until})
    return Recommender(replace(old.artifact, config=config))


def kept(out: Path, days: list[pl.DataFrame], seed: int) -> tuple[Ranks, Costs]:
    """Compare, or take what was found before."""
    costs = out / f"costs-{seed}.json"
    paths = {name: out / f"{name.replace(' ', '-')}-{seed}.parquet" for name in MODELS}
    if not costs.exists():
        ranks, spent = compare(days, seed)
        for name, frame in ranks.items():
            frame.write_parquet(paths[name])
        costs.write_text(json.dumps({name: each._asdict() for name, each in spent.items()}))
    found = json.loads(costs.read_text())
    ranks = {name: pl.read_parquet(path) for name, path in paths.items()}
    return ranks, {name: Cost(**each) for name, each in found.items()}


def values(ranks: list[pl.DataFrame]) -> Values:
    """NDCG@10 of each seed and user, (seeds, users)."""
    found = np.stack([ndcg(frame["rank"].to_torch(), 10).numpy() for frame in ranks])
    return per_user(found, ranks[0]["user"].to_numpy())


def main() -> None:
    """Read the command line, compare with several seeds, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shop", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="a folder for the ranks")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    days, found = read_days(options.shop), []
    for seed in range(options.seeds):
        ranks, costs = kept(options.out, days, seed)
        found.append(ranks)
        for name, frame in ranks.items():
            score = values([frame]).mean()
            print(
                json.dumps({"seed": seed, "model": name, "NDCG@10": score, **costs[name]._asdict()})
            )
    by_model = {name: values([ranks[name] for ranks in found]) for name in found[0]}
    for name in ("not updated", "updated"):
        ratio = by_model[name].mean() / by_model["fitted again"].mean()
        low, high = bootstrap_ratio(by_model[name], by_model["fitted again"], pair_seeds=True)
        print(f"{name}: {ratio:.3f} of the model fitted again (95 % {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
