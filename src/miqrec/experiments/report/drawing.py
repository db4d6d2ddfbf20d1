"""The style of figures, and how they become files or part of a page."""

from io import StringIO
from pathlib import Path
from typing import Any

from miqrec.system.files import replacing
from miqrec.system.optional import optional

INK = "#1b2026"
"""The colour of text and axes; a page, which may be dark, replaces it by its own."""

STYLE = {
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#80808040",
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "miqrec",  # the same file from the same numbers
    "figure.constrained_layout.use": True,
}

Figure = Any  # of matplotlib, which is imported where a figure is drawn


def canvas(columns: int = 1, height: float = 3.8, **options: bool) -> tuple[Figure, Any]:
    """Make a figure as wide as half a page, with its axes beside each other."""
    figure = optional("matplotlib.figure").Figure(figsize=(5.6, height))
    return figure, figure.subplots(1, columns, **options)


def inline_svg(figure: Figure) -> str:
    """Return the figure as SVG for a page: it fills its place and takes the page's font and colour."""
    text = StringIO()
    with optional("matplotlib").rc_context(STYLE):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


def save_figure(figure: Figure, path: Path) -> None:
    """Write the figure as the path's ending says, .svg or .png."""
    kind = path.suffix.removeprefix(".")
    metadata = {"Date": None} if kind == "svg" else None
    with replacing(path) as partial, optional("matplotlib").rc_context(STYLE):
        figure.savefig(partial, format=kind, dpi=200, metadata=metadata)
