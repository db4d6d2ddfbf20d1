"""The figure of the adaptive window: which positions answer, by length of the history and after noise."""

import numpy as np
import polars as pl

from miqrec.experiments.report.drawing import STYLE, Figure, canvas
from miqrec.experiments.report.figures import COLOURS, DASHES, MARKERS
from miqrec.stability.window import weights_by_length
from miqrec.system.optional import optional


def draw_window(
    weights: pl.DataFrame, after_noise: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Figure:
    """Draw the weights by the length of the history, and by whether the newest click is planted noise.

    Args:
        weights: what `window_weights` says of the demo's test questions.
        after_noise: of each question, as `planted_truth` says.
    """
    with optional("matplotlib").rc_context(STYLE):
        figure, (left, right) = canvas(columns=2, height=3.8, sharey=True)
        groups = weights_by_length(weights)
        means = np.array(groups["weights"].to_list())  # (groups, n)
        for place, look in enumerate(zip(COLOURS, MARKERS, DASHES, strict=False)):
            if place < means.shape[1]:
                colour, marker, dashes = look
                label = "newest" if place == 0 else f"{place} before"
                left.plot(
                    means[:, place], color=colour, marker=marker, linestyle=dashes, label=label
                )
        left.set_xticks(range(groups.height), [f"{first}+" for first in groups["from"]])
        left.set(xlabel="length of the history", ylabel="mean weight of the answer", ylim=(0, None))
        every = weights["weights"].to_numpy()  # (questions, n)
        for shift, rows, label in ((-0.2, ~after_noise, "meant"), (0.2, after_noise, "noise")):
            colour = COLOURS[0] if label == "meant" else COLOURS[1]
            places = np.arange(every.shape[1]) + shift
            right.bar(places, every[rows].mean(0), 0.38, color=colour, label=label)
        right.set_xticks(range(every.shape[1]), ["newest", *range(1, every.shape[1])])
        right.set(xlabel="position")
        right.legend(title="the newest click is")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure
