"""What is drawn, from which numbers; how it looks is for eyes."""

import polars as pl
import pytest

from miqrec.experiments.report.comparisons import compare_pairs
from miqrec.experiments.report.drawing import INK, inline_svg, save_figure
from miqrec.experiments.report.figures import figures
from miqrec.experiments.report.heat_map import is_grid
from miqrec.experiments.report.results import read_results
from studies import compared, draw_ranks, write_run, write_study


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return read_results(compared(tmp_path_factory.mktemp("runs") / "table-x"))


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid")
    for window, dim, hits in ((1, 8, 3), (1, 16, 2), (3, 8, 1), (3, 16, 2)):
        ranks = [1] * hits + [100] * (4 - hits)
        write_run(folder / f"w{window}-d{dim}", ranks, "miq-sasrec", window=window, dim=dim)
    return read_results(folder)


def test_a_table_has_curves_cost_and_differences(results):
    drawn = figures(results, compare_pairs(results))

    assert list(drawn) == ["learning-curves", "cost", "differences"]


def test_curves_show_the_mean_over_seeds(results):
    axes = figures(results, [])["learning-curves"].axes[0]

    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2], [1, 2]]
    assert axes.lines[0].get_ydata() == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(
    ("minutes", "ticks"), [((8.0, 16.0), [8, 10, 15]), ((1.0, 60.0), [1, 2, 5, 10, 20, 50])]
)
def test_a_scale_of_time_is_read_at_any_width(results, minutes, ticks):
    runs = results.runs.with_columns(
        fit_seconds=pl.when(system="sasrec").then(60 * minutes[0]).otherwise(60 * minutes[1])
    )
    axes = figures(results._replace(runs=runs), [])["cost"].axes[0]

    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == ticks


@pytest.mark.parametrize("width", [0.0008, 0.0053, 0.0125, 0.3])
def test_a_tick_of_a_difference_says_its_value(results, width):
    interval = {"difference": width / 3, "low": -0.4 * width, "high": width}
    comparisons = [pair._replace(**interval) for pair in compare_pairs(results)]
    for axes in figures(results, comparisons)["differences"].axes:
        labels = [axes.xaxis.get_major_formatter()(tick, 0) for tick in axes.get_xticks()]
        values = [float(label.replace("\u2212", "-")) for label in labels]
        assert values == pytest.approx(axes.get_xticks().tolist())


def test_whose_time_is_of_another_device_has_no_point_beside_the_others(results):
    device = pl.when(system="sasrec").then(pl.lit("H200")).otherwise(pl.lit("cpu"))
    runs = results.runs.with_columns(device=device)
    times, sizes = figures(results._replace(runs=runs), [])["cost"].axes

    assert len(times.containers) == 1
    assert len(sizes.containers) == 2


def test_a_dot_is_filled_only_beyond_luck(results):
    clear, _ = compare_pairs(results)
    drawn = figures(results, [clear, clear._replace(corrected=0.5, metric="HR@10")])
    dots = [panel.lines[1].get_markerfacecolor() for panel in drawn["differences"].axes]

    assert dots[1] == "none"
    assert dots[0] != "none"


def test_long_labels_of_a_pair_leave_the_panels_their_room(results):
    labels = results.study.labels | {"sasrec": "SASRec_F with the settings of another"}
    results = results._replace(study=results.study._replace(labels=labels))
    drawn = figures(results, compare_pairs(results))["differences"]

    (name, *_) = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert name.splitlines() == [
        r"MIQ$_\mathrm{F}$",
        r"against SASRec$_\mathrm{F}$ with",
        "the settings of another",
    ]


def test_windows_and_sizes_make_heat_maps(results, grid):
    assert is_grid(grid)
    assert not is_grid(results)
    drawn = figures(grid, [])
    assert list(drawn) == ["heat-map-HR5", "heat-map-HR10"]

    axes = drawn["heat-map-HR10"].axes[0]
    assert axes.images[0].get_array().tolist() == [[3 / 4, 1 / 4], [2 / 4, 2 / 4]]
    assert axes.lines[0].get_ydata().tolist() == [0, 1]  # rows of the best sizes, 8 and 16
    assert [text.get_text() for text in axes.texts if text.get_bbox_patch()] == [".7500", ".5000"]


def test_systems_that_differ_in_more_than_window_and_size_are_no_grid(tmp_path):
    write_run(tmp_path / "sasrec-block", [1, 100], "miq-sasrec", window=8, dim=16)
    write_run(tmp_path / "s3rec-block", [1, 100], "miq-sasrec", window=5, dim=8, block="s3rec")

    assert list(figures(read_results(tmp_path), [])) == ["learning-curves", "cost"]


def test_a_point_that_was_not_run_stays_empty(grid):
    rest = grid._replace(runs=grid.runs.remove(system="w3-d16"))
    axes = figures(rest, [])["heat-map-HR5"].axes[0]

    assert len(axes.texts) == 3
    assert axes.lines[0].get_ydata().tolist() == [0, 0]


def test_on_a_page_a_figure_takes_the_pages_ink_and_is_the_same_each_time(results):
    first, second = (inline_svg(figures(results, [])["cost"]) for _ in range(2))

    assert first == second
    assert first.startswith("<svg")
    assert "currentColor" in first
    assert INK not in first


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_figures_are_files_too(results, tmp_path, ending, start):
    path = tmp_path / f"cost.{ending}"
    save_figure(figures(results, [])["cost"], path)

    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("label", ["MIQ-SASRec, window {}", "MIQ-SASRec, trained longer than {}"])
def test_long_labels_stay_within_the_figure(label, tmp_path):
    systems = {
        f"miq-{m}": {"model": "miq-sasrec", "window": m, "label": label.format(m)}
        for m in (2, 3, 5)
    }
    folder = write_study(tmp_path / "x", systems=systems, paper={}, pairs=[])
    for system in systems:
        write_run(folder / system / "seed-0", draw_ranks(0.5, 0), "miq-sasrec")

    for figure in figures(read_results(folder), []).values():
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent()
        assert legend.x0 >= 0
        assert legend.x1 <= figure.bbox.width
