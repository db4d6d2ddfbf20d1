"""Folders of runs as `miqrec reproduce` leaves them, made of ranks that a test chooses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from miqrec.evaluation.metrics import summary
from miqrec.experiments.studies.study import Study
from miqrec.runs.folder import Metrics
from miqrec.system.environment import environment
from miqrec.system.files import write_json
from worlds import cycle, small

N_USERS = 40

STUDY = {
    "name": "table-x",
    "title": "Table X",
    "caption": "Made up.",
    "data": "demo",
    "systems": {
        "sasrec": {"model": "sasrec", "label": "SASRec_F"},
        "miq": {"model": "miq-sasrec", "label": "MIQ_F"},
    },
    "paper": {"miq": {"HR@10": 0.0578}},
    "pairs": [{"system": "miq", "baseline": "sasrec"}],
}


def write_study(folder: Path, **changes: object) -> Path:
    """A study with runs of nobody yet."""
    study = Study.model_validate(STUDY | changes)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.json").write_text(study.model_dump_json())
    return folder


def write_run(
    folder: Path,
    ranks: Sequence[int],
    model: str = "sasrec",
    seed: int = 0,
    targets: Sequence[int] | None = None,
    users: Sequence[int] | None = None,
    counts: dict[str, int] | None = None,
    **settings: object,
) -> Path:
    """A finished run with these test ranks, of users 0, 1, ... or of those that are named.

    `counts` are those of the questions that no list answers; older runs have none.
    """
    config = small(model, cycle(), seed=seed, **settings).config
    frame = pl.DataFrame(
        {
            "question": range(len(ranks)),
            "user": users or range(len(ranks)),
            "target": targets or [1] * len(ranks),
            "rank": ranks,
        }
    )
    metrics = summary(frame["rank"].to_torch())
    write_json(folder / "config.json", config.model_dump(mode="json"))
    write_json(folder / "environment.json", environment().model_dump())
    frame.write_parquet(folder / "ranks.parquet")
    history = pl.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "NDCG@10": [0.1, 0.2]})
    history.write_csv(folder / "history.csv")
    done = Metrics(
        valid=metrics,
        test=metrics,
        n_users=frame["user"].n_unique(),
        epochs=2,
        parameters=1000,
        fit_seconds=60.0,
        test_seconds=1.0,
        peak_mib=700.0,
        **counts or {},
    )
    write_json(folder / "metrics.json", done.model_dump())
    return folder


def without_questions(run: Path) -> Path:
    """The run as it was written before questions were numbered."""
    pl.read_parquet(run / "ranks.parquet").drop("question").write_parquet(run / "ranks.parquet")
    return run


def draw_ranks(share_of_hits: float, seed: int) -> list[int]:
    """For as many users a rank of 1 with this probability, else of 100."""
    hits = np.random.default_rng(seed).random(N_USERS) < share_of_hits
    return np.where(hits, 1, 100).tolist()


def compared(folder: Path, *, miq: float = 0.9, sasrec: float = 0.1, seeds: int = 2) -> Path:
    """The study with runs of both systems, who hit with these probabilities."""
    write_study(folder)
    for seed in range(seeds):
        sasrec_ranks, miq_ranks = draw_ranks(sasrec, seed), draw_ranks(miq, 50 + seed)
        write_run(folder / "sasrec" / f"seed-{seed}", sasrec_ranks, seed=seed)
        write_run(folder / "miq" / f"seed-{seed}", miq_ranks, "miq-sasrec", seed)
    return folder
