"""Findings made up for tests: two systems, one of them used in two ways."""

from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.findings import METRICS, Difference, Findings, Row, Setting
from miqrec.experiments.stability.measurements import Asked
from miqrec.stability.summary import CLEAN, SEED_FLOOR

NOISES = ("random-added", "share-replaced-0.1", "share-replaced-0.4")


def setting(label: str, system: str, mix: tuple[float, ...] | None = None) -> Setting:
    name = "-".join(["mix", *map(str, mix)]) if mix else "newest"
    inference = InferenceConfig(mix=mix)
    return Setting(label=label, system=system, name=name, inference=inference, seeds=(0, 1))


SETTINGS = (
    setting("sasrec", "sasrec"),
    setting("sasrec, mix .6 .4", "sasrec", (0.6, 0.4)),
    setting("miq", "miq"),
)


def row(label: str, noise: str, metric: str, mean: float) -> Row:
    share = None if noise in (CLEAN, SEED_FLOOR) or metric in METRICS[:2] else 0.5
    low, high = (None, None) if share is None else (share - 0.25, share + 0.25)
    bounds = {"low": mean * 0.9, "high": mean * 1.1, "share_low": low, "share_high": high}
    return Row(setting=label, noise=noise, metric=metric, mean=mean, share=share, **bounds)


def rows(label: str, size: float) -> list[Row]:
    clean = [row(label, CLEAN, metric, 0.1 * size) for metric in METRICS[2:]]
    noisy = [row(label, noise, metric, 0.05 * size) for noise in NOISES for metric in METRICS]
    floor = [row(label, SEED_FLOOR, metric, 0.4) for metric in METRICS[:2]]
    return clean + noisy + floor


def difference(label: str, noise: str, corrected: float, sign: int = 1) -> Difference:
    numbers = {"difference": 0.1 * sign, "low": 0.05 * sign, "high": 0.15 * sign, "seeds": 2}
    ratios = {"ratio": 1.5, "ratio_low": 1.25, "ratio_high": None}
    tested = {"noise": noise, "metric": "NDCG@10", "p": corrected / 2, "corrected": corrected}
    return Difference(setting=label, baseline="sasrec", **numbers, **ratios, **tested)


FINDINGS = Findings(
    asked=Asked(draws=5),
    users=1234,
    noises=NOISES,
    settings=SETTINGS,
    rows=tuple(
        row for size, setting in enumerate(SETTINGS, start=1) for row in rows(setting.label, size)
    ),
    tests=(
        difference("sasrec, mix .6 .4", "random-added", 0.01),
        difference("miq", "random-added", 0.02, sign=-1),
        difference("miq", CLEAN, 0.5),
    ),
)
