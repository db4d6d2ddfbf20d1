"""The figure of the adaptive window: a line a position by length, and bars for meant and noise clicks."""

import numpy as np
import polars as pl
import pytest

from miqrec.experiments.report.window_figure import draw_window


def test_lines_by_length_and_bars_by_what_the_newest_click_is():
    weights = pl.DataFrame(
        {
            "length": [1, 3, 3, 60],
            "weights": np.array([[1, 0], [0.6, 0.4], [0.4, 0.6], [0.2, 0.8]]),
        }
    )
    left, right = draw_window(weights, np.array([False, False, True, True])).axes

    newest, before = left.lines
    assert newest.get_ydata().tolist() == pytest.approx([1, 0.5, 0.2])
    assert before.get_ydata().tolist() == pytest.approx([0, 0.5, 0.8])
    assert [label.get_text() for label in left.get_xticklabels()] == ["1+", "3+", "50+"]
    meant, noise = right.containers
    assert [bar.get_height() for bar in meant] == pytest.approx([(1 + 0.6) / 2, (0 + 0.4) / 2])
    assert [bar.get_height() for bar in noise] == pytest.approx([(0.4 + 0.2) / 2, (0.6 + 0.8) / 2])
