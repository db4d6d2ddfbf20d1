"""The frontier: what steadiness costs in accuracy, a point for each way to use a system."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from miqrec.experiments.report.drawing import Figure, canvas
from miqrec.experiments.report.figures import COLOURS, DASHES, MARKERS
from miqrec.experiments.stability.findings import TESTED, Findings, Row, Setting
from miqrec.experiments.stability.words import noise_label
from miqrec.stability.summary import CLEAN
from miqrec.system.optional import optional

ACCURACY = TESTED[1]

NOISES = ("random-added", "popular-added", "newest-replaced")
"""The noises that the frontier may be drawn for: the first that was measured is."""


class _Point(NamedTuple):
    """A setting with its accuracy without noise and under noise."""

    name: str
    clean: Row
    noisy: Row


def frontier(findings: Findings) -> Figure | None:
    """Draw NDCG under noise against NDCG without it; None where there is nothing to set side by side."""
    noise, systems = _noise(findings), _systems(findings)
    if noise is None or why_no_frontier(findings):
        return None
    figure, axes = canvas(height=4.2)
    for i, (system, look) in enumerate(zip(systems, looks(), strict=False)):
        points = _points(findings, system, noise)
        _draw(axes, points, look | {"label": system})
        _write_names(axes, points, look["color"], 4 if i % 2 == 0 else -10)
    axes.set(xlabel=f"{ACCURACY} without noise", ylabel=f"{ACCURACY}, {noise_label(noise)}")
    steps = optional("matplotlib.ticker").MaxNLocator
    axes.xaxis.set_major_locator(steps(6, steps=(1, 2, 5, 10)))
    axes.yaxis.set_major_locator(steps(6, steps=(1, 2, 5, 10)))
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, handlelength=2.5)
    return figure


def why_no_frontier(findings: Findings) -> str | None:
    """Say what a frontier lacks; None where one can be drawn."""
    systems = len(_systems(findings))
    if _noise(findings) is None:
        return f"it needs one of the noises {', '.join(NOISES)}"
    if len(findings.settings) < 2:
        return "it needs two systems or mixtures"
    if systems > len(COLOURS):
        return f"it has room for {len(COLOURS)} systems, and there are {systems}"
    return None


def looks() -> list[dict[str, Any]]:
    """Return how systems are drawn, one after the other."""
    return [
        {"color": colour, "marker": marker, "linestyle": dashes}
        for colour, marker, dashes in zip(COLOURS, MARKERS, DASHES, strict=True)
    ]


def _noise(findings: Findings) -> str | None:
    return next((noise for noise in NOISES if noise in findings.noises), None)


def _systems(findings: Findings) -> list[str]:
    return list(dict.fromkeys(setting.system for setting in findings.settings))


def _points(findings: Findings, system: str, noise: str) -> list[_Point]:
    """Return the system's settings, those first that leave most to the newest answer."""
    settings = [setting for setting in findings.settings if setting.system == system]
    points = []
    for setting in sorted(settings, key=lambda setting: -_newest_weight(setting)):
        clean, noisy = (findings.row(setting.label, name, ACCURACY) for name in (CLEAN, noise))
        if clean and noisy:
            points.append(_Point(_name(setting), clean, noisy))
    return points


def _draw(axes: Any, points: Sequence[_Point], look: dict[str, Any]) -> None:
    """Draw points, their intervals and a line through them; bars of all systems cross, so they are pale."""
    clean, noisy = [point.clean for point in points], [point.noisy for point in points]
    axes.errorbar(
        [row.mean for row in clean],
        [row.mean for row in noisy],
        xerr=_reach(clean),
        yerr=_reach(noisy),
        ecolor=f"{look['color']}50",
        elinewidth=0.8,
        linewidth=1.2,
        markersize=6,
        **look,
    )


def _write_names(axes: Any, points: Sequence[_Point], colour: str, height: int) -> None:
    """Write names beside their points, on the side that is away from the nearest neighbour in height."""
    for point in points:
        name, clean, noisy = point
        side, alignment = (
            (6, "left") if _is_right_of_its_neighbour(point, points) else (-6, "right")
        )
        axes.annotate(
            name,
            (clean.mean, noisy.mean),
            (side, height),  # in points of type
            textcoords="offset points",
            ha=alignment,
            fontsize=8,
            color=colour,
        )


def _is_right_of_its_neighbour(point: _Point, points: Sequence[_Point]) -> bool:
    others = [other for other in points if other is not point]
    if not others:
        return True
    nearest = min(others, key=lambda other: abs(other.noisy.mean - point.noisy.mean))
    return point.clean.mean >= nearest.clean.mean


def _reach(rows: Sequence[Row]) -> list[list[float]]:
    """Say how far intervals reach below and above their means."""
    return [[row.mean - row.low for row in rows], [row.high - row.mean for row in rows]]


def _newest_weight(setting: Setting) -> float:
    mix = setting.inference.mix
    return mix[0] if isinstance(mix, tuple) else 1.0


def _name(setting: Setting) -> str:
    """Name a setting beside its point, in as few letters as it takes."""
    ending = setting.label.removeprefix(setting.system).removeprefix(", ")
    return ending.removeprefix("mix ") or "newest"
