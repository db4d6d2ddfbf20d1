"""The figures of a study of stability, and what noise does by its amount."""

from miqrec.experiments.report.drawing import STYLE, Figure, canvas
from miqrec.experiments.report.figures import COLOURS
from miqrec.experiments.stability.findings import TESTED, Findings, Setting
from miqrec.experiments.stability.frontier import frontier, looks, why_no_frontier
from miqrec.stability.perturbations import named_perturbation
from miqrec.stability.summary import CLEAN
from miqrec.system.optional import optional

SIMILARITY, ACCURACY = TESTED
CAPTIONS = {
    "stability-shares": "Similarity with the clean lists, and accuracy, by the share of the history that is "
    "replaced at random; bands are 95 % intervals over users and seeds.",
    "stability-frontier": "Accuracy with and without noise, a point for each way to use a system; lines join "
    "the ways to use the same system. Further up is steadier, further right more accurate; bars are 95 % "
    "intervals over users and seeds.",
}


def stability_figures(findings: Findings) -> dict[str, Figure]:
    """Draw all figures that there are numbers for, by name."""
    with optional("matplotlib").rc_context(STYLE):
        drawn = {
            "stability-shares": _shares(findings),
            "stability-frontier": frontier(findings),
        }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def left_out(findings: Findings) -> dict[str, str]:
    """Say why the figures that aren't drawn are left out, by name."""
    reasons = {
        "stability-shares": _why_no_shares(findings),
        "stability-frontier": why_no_frontier(findings),
    }
    return {name: reason for name, reason in reasons.items() if reason}


def _noise_by_share(findings: Findings) -> dict[float, str]:
    return {
        share: noise
        for noise in findings.noises
        if (share := named_perturbation(noise).share) is not None
    }


def _why_no_shares(findings: Findings) -> str | None:
    settings = len(findings.settings)
    if not _noise_by_share(findings):
        return "it needs noises with a share, such as share-replaced-0.2"
    if settings > len(COLOURS):
        return f"it has room for {len(COLOURS)} systems and mixtures, and there are {settings}"
    return None


def _shares(findings: Findings) -> Figure | None:
    """Draw FRBO and NDCG by the share that is replaced; without any, a list is like itself."""
    shares = _noise_by_share(findings)
    if _why_no_shares(findings):
        return None
    figure, panels = canvas(columns=2, height=3.6)
    for axes, metric in zip(panels, (SIMILARITY, ACCURACY), strict=True):
        for setting, look in zip(findings.settings, looks(), strict=False):
            curve = _curve(findings, setting, dict(sorted(shares.items())), metric)
            axes.plot(curve["share"], curve["mean"], linewidth=1.6, label=setting.label, **look)
            axes.fill_between(
                *(curve["share"], curve["low"], curve["high"]),
                color=look["color"],
                alpha=0.1,
                lw=0,
            )
        axes.set(xlabel="share replaced", ylabel=metric, ylim=(0, None), xlim=(0, None))
        axes.xaxis.set_major_formatter(optional("matplotlib.ticker").PercentFormatter(1, 0, " %"))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, handlelength=2.5)
    return figure


def _curve(
    findings: Findings, setting: Setting, shares: dict[float, str], metric: str
) -> dict[str, list[float]]:
    clean = findings.row(setting.label, CLEAN, metric)
    begin = (0.0, clean.mean, clean.low, clean.high) if clean else (0.0, 1.0, 1.0, 1.0)
    rows = [(share, findings.row(setting.label, noise, metric)) for share, noise in shares.items()]
    points = [begin, *((share, row.mean, row.low, row.high) for share, row in rows if row)]
    return dict(
        zip(("share", "mean", "low", "high"), map(list, zip(*points, strict=True)), strict=True)
    )
