"""The text of a model card: what a model was made of, how good it is, and how to use it."""

from itertools import starmap
from pathlib import Path
from typing import cast

import numpy as np

from miqrec.config import Config
from miqrec.evaluation.metrics import METRICS, metric_values
from miqrec.recommender import Recommender
from miqrec.stability.measure import LISTED
from miqrec.stability.perturbations import LABELS, Kind, Perturbation
from miqrec.stability.summary import measured, summarise
from miqrec.statistics import LEVEL, per_user, resampled_means

USERS = 1000
"""How many users are asked for the stability of a card, at most."""

CARD = """# {name}

A model of {n_items:,} items that says what a user does next, trained by miqrec.

```python
from miqrec.adapters.huggingface import HubRecommender

recommender = HubRecommender.from_pretrained("you/your-model")  # this repository
recommender.recommend(histories=[[{example}]], k=10)
```

## Data

{data}

## Metrics

{metrics}

## Stability

{stability}

## Recipe

Model:

```json
{model}
```

Training, {epochs}:

```json
{training}
```

In use: `{inference}`

## Licence

{licence}
"""

UNMEASURED = (
    "Not measured for this card: the data were not at hand, or nothing of them was held out."
)


def describe(recommender: Recommender, licence: str | None) -> str:
    """Write the card of a recommender, with measurements where its data are at hand."""
    artifact = recommender.artifact
    config = artifact.config
    measures = recommender.dataset is not None and config.trained_on == "train"
    return CARD.format(
        name=config.model.name,
        n_items=len(artifact.counts),
        example=", ".join(map(repr, artifact.catalogue.frame["item"].head(2))),
        data=_data(recommender),
        metrics=_metrics(recommender) if measures else UNMEASURED,
        stability=_stability(recommender) if measures else UNMEASURED,
        model=_json(cast(Config, config.model)),
        training=_json(config.training),
        epochs=_epochs(config.epochs),
        inference=config.inference.model_dump_json(exclude_none=True),
        licence=f"The weights have the licence {licence}."
        if licence
        else "Not stated by the authors.",
    )


def _data(recommender: Recommender) -> str:
    artifact = recommender.artifact
    held_out = {
        "train": f"Held out by the split `{artifact.config.split.model_dump_json(exclude_none=True)}`.",
        "all": "Trained on everything, with nothing held out.",
    }
    source = artifact.config.data.source
    return (
        f"{Path(source).name if source else 'Given in memory'}: {len(artifact.counts):,} items, "
        f"{artifact.counts.sum():,} interactions in training. "
        f"{held_out[artifact.config.trained_on]}\n\n"
        f"Fingerprint: `{artifact.config.fingerprint}`"
    )


def _metrics(recommender: Recommender) -> str:
    """Make the table of the held-out test items, ranked among all items."""
    frame = recommender.ranks("test")
    ranks, users = frame["rank"].to_torch(), frame["user"].to_numpy()
    values = [per_user(metric_values(ranks, metric).numpy()[None], users) for metric in METRICS]
    bounds = np.quantile(resampled_means(values), [LEVEL / 2, 1 - LEVEL / 2], axis=1)
    rows = [
        f"| {metric} | {each.mean():.4f} | {low:.4f} to {high:.4f} |"
        for metric, each, low, high in zip(METRICS, values, *bounds, strict=True)
    ]
    about = (
        f"The held-out test items of {len(np.unique(users)):,} users, each ranked among all items."
    )
    return "\n".join(
        [about, "", "| metric | mean | 95 % interval over users |", "|---|---|---|", *rows]
    )


def _stability(recommender: Recommender) -> str:
    """Make the table of what noise does to lists and ranks."""
    noise = [Perturbation(kind="random-added"), Perturbation(kind="newest-replaced")]
    asked = recommender.stability(perturbations=noise, draws=1, users=USERS)
    table = summarise(measured({0: asked}, LISTED))
    rows = table.filter(
        (table["noise"] != "clean") & table["metric"].is_in([f"FRBO@{LISTED}", f"NDCG@{LISTED}"])
    ).select("noise", "metric", "mean", "low", "high")
    lines = starmap(_noise_row, rows.iter_rows())
    about = (
        f"FRBO@{LISTED} compares a list with the one after the clean history (1: the same); NDCG@{LISTED} is "
        f"that of the test items under noise. {min(USERS, asked['user'].n_unique()):,} users, one draw."
    )
    head = ["| noise | metric | mean | 95 % interval over users |", "|---|---|---|---|"]
    return "\n".join([about, "", *head, *lines])


def _noise_row(noise: str, metric: str, mean: float, low: float, high: float) -> str:
    return f"| {LABELS[cast(Kind, noise)]} | {metric} | {mean:.4f} | {low:.4f} to {high:.4f} |"


def _epochs(number: int | None) -> str:
    if number is None:
        return "in one pass"
    return "1 epoch" if number == 1 else f"{number} epochs"


def _json(config: Config | None) -> str:
    return "{}" if config is None else config.model_dump_json(indent=2, exclude_none=True)
