"""The figure of path patching draws a row for each patch that it names, and a dot for each system."""

import polars as pl
import pytest

from miqrec.experiments.report.path_figure import ROWS, draw_paths


def rows(model, seed, values):
    return [
        {
            "data": "x",
            "model": model,
            "block": "sasrec",
            "seed": seed,
            "blocks": blocks,
            "clean": clean,
            "FRBO@10": value,
            "NDCG@10": value / 10,
            "FRBO@10 ±": 0.02,
            "NDCG@10 ±": 0.01,
        }
        for (blocks, clean), value in zip(ROWS, values, strict=True)
    ]


def test_seeds_are_averaged_and_systems_stand_beside_each_other():
    low, high = [0.1] * len(ROWS), [0.3] * len(ROWS)
    frame = pl.DataFrame(
        rows("sasrec", 0, low) + rows("sasrec", 1, high) + rows("miq-sasrec", 0, high)
    )

    left, right = draw_paths(frame).axes

    sasrec, miq = (container.lines[0] for container in left.containers)
    assert sasrec.get_xdata().tolist() == pytest.approx([0.2] * len(ROWS))
    assert miq.get_xdata().tolist() == pytest.approx(high)
    assert (miq.get_ydata() > sasrec.get_ydata()).all()
    assert right.containers[0].lines[0].get_xdata().tolist() == pytest.approx([0.02] * len(ROWS))
    assert [label.get_text() for label in left.get_yticklabels()] == list(ROWS.values())
