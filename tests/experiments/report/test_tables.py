"""The tables of a report as data."""

import polars as pl
import pytest

from miqrec.experiments.formatting import NOTHING
from miqrec.experiments.report.comparisons import compare_pairs
from miqrec.experiments.report.results import TargetCounts, read_results
from miqrec.experiments.report.tables import cost_table, pairs_table, results_table
from studies import compared, write_run, write_study


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return read_results(compared(tmp_path_factory.mktemp("runs") / "table-x"))


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


def test_a_score_has_its_deviation_its_mark_and_the_papers_number(tmp_path):
    write_study(tmp_path)
    for seed, hits in enumerate((0, 2)):
        write_run(tmp_path / "sasrec" / f"seed-{seed}", [1] * hits + [100] * (20 - hits), seed=seed)
        write_run(tmp_path / "miq" / f"seed-{seed}", [1] * 16 + [100] * 4, "miq-sasrec", seed)
    results = read_results(tmp_path)
    table = results_table(results, compare_pairs(results))

    sasrec, miq = column(table, "HR@10")
    # HR@10 is 0 / 20 and 2 / 20: .05 on average, .0707 = sqrt(.05^2 + .05^2) apart
    assert (sasrec.text, sasrec.beside, sasrec.mark, sasrec.best) == (
        ".0500 ± .0707",
        "",
        "",
        False,
    )
    assert (miq.text, miq.beside, miq.mark, miq.best) == (".8000 ± .0000", ".0578", "*", True)
    assert [cell.text for cell in column(table, "seeds")] == ["2", "2"]


@pytest.mark.parametrize(
    ("miq", "sasrec", "mark"), [(0.9, 0.1, "*"), (0.1, 0.9, "†"), (0.5, 0.5, "")]
)
def test_the_mark_stands_with_the_system_of_the_pair_in_tested_metrics(tmp_path, miq, sasrec, mark):
    results = read_results(compared(tmp_path, miq=miq, sasrec=sasrec))
    table = results_table(results, compare_pairs(results))

    for metric in ("HR@10", "NDCG@10"):
        assert [cell.mark for cell in column(table, metric)] == ["", mark]
    assert [cell.mark for cell in column(table, "HR@5")] == ["", ""]


def test_a_system_without_runs_is_not_done_and_keeps_the_papers_number(tmp_path):
    write_study(tmp_path)
    write_run(tmp_path / "sasrec" / "seed-0", [1, 100])
    table = results_table(read_results(tmp_path), [])

    assert [cell.text for cell in column(table, "seeds")] == ["1", "not done"]
    assert column(table, "HR@10")[1].beside == ".0578"
    assert not any(cell.best for row in table.rows for cell in row)  # of one


def test_a_pair_has_a_row_for_each_tested_metric(results):
    comparisons = compare_pairs(results)
    table = pairs_table(results, comparisons)

    assert [row[0].text for row in table.rows] == ["MIQ_F against SASRec_F"] * 2
    assert [cell.text for cell in column(table, "metric")] == ["NDCG@10", "HR@10"]
    assert [cell.text[0] for cell in column(table, "difference")] == ["+", "+"]
    assert [cell.mark for cell in column(table, "difference")] == ["*", "*"]
    assert len({len(row) for row in table.rows} | {len(table.columns)}) == 1


def test_cost_is_the_mean_over_seeds(results):
    table = cost_table(results)

    assert [cell.text for cell in column(table, "to fit")] == ["1 min", "1 min"]
    assert [cell.text for cell in column(table, "chosen epochs")] == ["2 2", "2 2"]
    assert [cell.text for cell in column(table, "parameters")] == ["1,000", "1,000"]
    assert [cell.text for cell in column(table, "peak memory")] == ["700 MiB", "700 MiB"]
    assert not any("runs that were made" in note for note in table.notes)


def test_cost_is_of_one_device_alone(results):
    on_a_gpu = pl.col("seed") == 0
    runs = results.runs.with_columns(
        device=pl.when(on_a_gpu, system="sasrec").then(pl.lit("H200")).otherwise(pl.lit("cpu")),
        fit_seconds=pl.when(on_a_gpu, system="sasrec").then(1.0).otherwise(600.0),
    )
    table = cost_table(results._replace(runs=runs))

    assert [cell.text for cell in column(table, "to fit")] == ["10 min", "10 min"]
    assert [cell.text for cell in column(table, "chosen epochs")] == ["2 2", "2 2"]
    assert table.notes[-1] == "Times and memory are of the 3 of 4 runs that were made on cpu alone."


def test_runs_that_moved_have_no_cost(results):
    moved = results.runs.with_columns(device=pl.lit(None))
    table = cost_table(results._replace(runs=moved))

    assert [cell.text for cell in column(table, "to fit")] == [NOTHING, NOTHING]
    assert [cell.text for cell in column(table, "peak memory")] == [NOTHING, NOTHING]
    assert "of the 0 of 4 runs" in table.notes[-1]


def notes(results) -> str:
    return " ".join(results_table(results, []).notes)


def test_a_note_says_how_many_users_there_are(results):
    assert notes(results).startswith("There are 40 users. Scores are mean")


def test_notes_say_what_no_list_can_hold(tmp_path):
    counts = {"seen_targets": 1, "unknown_targets": 2, "without_history": 3}
    write_run(tmp_path / "sasrec", [1, 2, 3, 4], users=[0, 0, 1, 1], counts=counts)

    assert (
        notes(read_results(tmp_path))
        .replace("\N{NO-BREAK SPACE}", " ")
        .startswith(
            "There are 2 users, who were asked 4 questions. "
            "Histories already hold 1 of the 4 targets (25.0 %), each a miss, as lists leave such items out. "
            "The catalogue lacks 2 of the 4 targets (50.0 %), each a miss. "
            "Popularity answers 3 of the 4 questions (75.0 %), as they have no known history. "
        )
    )


@pytest.mark.parametrize(
    ("excluded", "note"),
    [
        ((False, False), "of the 40 targets (2.5 %), which are ranked like others."),
        ((True, False), "of the 40 targets (2.5 %), which the systems treat differently."),
    ],
)
def test_the_note_on_seen_targets_says_what_becomes_of_them(results, excluded, note):
    config = results.configs["sasrec"]
    configs = {
        system: config.model_copy(
            update={"inference": config.inference.model_copy(update={"exclude_seen": value})}
        )
        for system, value in zip(("sasrec", "miq"), excluded, strict=True)
    }
    text = notes(results._replace(configs=configs, targets=TargetCounts(1, 0, 0)))

    assert note in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "catalogue" not in text
    assert "Popularity" not in text
