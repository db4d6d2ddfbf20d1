"""What a study of stability has found: one file of numbers, from which tables and figures are made."""

from collections.abc import Mapping
from pathlib import Path

from miqrec.config import Config, read_config
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.measurements import Asked
from miqrec.stability.measure import LISTED
from miqrec.stability.summary import metrics

FINDINGS = "stability.json"

METRICS = metrics(LISTED)
"""All that is measured under noise."""

TESTED = (f"FRBO@{LISTED}", f"NDCG@{LISTED}")
"""The metrics in which settings are compared under each noise; the latter without noise too."""


class Setting(Config):
    """A system in one of the ways to use it."""

    label: str
    system: str
    name: str  # the setting's: "newest", "trained", "mix-0.6-0.4"
    inference: InferenceConfig
    seeds: tuple[int, ...]
    members: int = 1  # models that answer together, whose ensembles the seeds then count


def have_common_seeds(one: Setting, other: Setting) -> bool:
    """Whether a seed means the same training for both: the number of an ensemble is not one of a training."""
    return one.system == other.system or one.members == other.members == 1


class Row(Config):
    """A metric of a setting under a noise, with 95 % intervals over users and seeds."""

    setting: str  # its label
    noise: str
    metric: str
    mean: float
    low: float
    high: float
    share: float | None  # of the clean value; None where there is none, or it is 0
    share_low: float | None
    share_high: float | None


class Difference(Config):
    """A setting beside the baseline, as `miqrec.stability.comparing.Comparison` says."""

    setting: str  # labels
    baseline: str
    noise: str
    metric: str
    difference: float
    low: float
    high: float
    ratio: float | None  # None where the baseline has nothing to divide by
    ratio_low: float | None
    ratio_high: float | None
    p: float
    corrected: float
    seeds: int


class Interest(Config):
    """How a setting's lists follow what users of the demo truly want, as `summarise_planted` says."""

    setting: str  # its label
    after_noise: bool  # whether the newest click is noise
    users: int
    followed: float
    without: float  # the newest click
    added: float  # by the newest click
    margin: float | None  # half of the 95 % interval of that over users; None for a single user


class Findings(Config):
    """All that a study of stability has found."""

    asked: Asked
    users: int
    noises: tuple[str, ...]
    settings: tuple[Setting, ...]
    rows: tuple[Row, ...]
    tests: tuple[Difference, ...]
    interests: tuple[Interest, ...] = ()  # of the demo alone

    def row(self, setting: str, noise: str, metric: str) -> Row | None:
        """Look up a number; None where a setting was not measured under a noise."""
        return self._by_key().get((setting, noise, metric))

    def _by_key(self) -> dict[tuple[str, str, str], Row]:
        return {(row.setting, row.noise, row.metric): row for row in self.rows}


def read_findings(folder: Path) -> Findings | None:
    """Read what a study of stability has found; None if there is none."""
    path = folder / FINDINGS
    return read_config(path, Findings, "a study's of stability") if path.is_file() else None


def relabelled(findings: Findings, labels: Mapping[str, str]) -> Findings:
    """Call systems what a study calls them."""
    names = {
        setting.label: labels.get(setting.system, setting.system)
        + setting.label.removeprefix(setting.system)
        for setting in findings.settings
    }
    settings = (
        setting.model_copy(update={"label": names[setting.label]}) for setting in findings.settings
    )
    rows = (row.model_copy(update={"setting": names[row.setting]}) for row in findings.rows)
    tests = (
        test.model_copy(update={"setting": names[test.setting], "baseline": names[test.baseline]})
        for test in findings.tests
    )
    interests = (
        interest.model_copy(update={"setting": names[interest.setting]})
        for interest in findings.interests
    )
    return findings.model_copy(
        update={
            "settings": tuple(settings),
            "rows": tuple(rows),
            "tests": tuple(tests),
            "interests": tuple(interests),
        }
    )
