"""Packing moves runs into a few files and loses nothing, whatever happens on the way."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.archive import packing as module
from miqrec.experiments.archive.pack import HISTORY, RANKS, RUNS, read_pack
from miqrec.experiments.archive.packing import pack_study
from miqrec.experiments.archive.read import read_runs
from miqrec.experiments.report.sections import read_report
from miqrec.experiments.report.writing import to_json
from miqrec.runs.config import PretrainingRunConfig
from miqrec.system.environment import environment
from miqrec.system.files import write_json
from miqrec.system.locks import locked
from studies import compared, without_questions, write_run, write_study
from worlds import cycle


def files(folder: Path) -> list[str]:
    """All files but the locks."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return sorted(str(path.relative_to(folder)) for path in paths)


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


PACK = sorted(["study.json", RUNS, HISTORY, RANKS])


def write_pretraining(folder: Path, epochs: int = 2, done: int = 2) -> Path:
    """A pre-training after `done` of its epochs, without its weights."""
    config = PretrainingRunConfig(
        data={"source": None},
        fingerprint=cycle().fingerprint,
        attributes="none",
        model={"name": "s3rec"},
        pretraining={"epochs": epochs},
    )
    write_json(folder / "config.json", config.model_dump(mode="json"))
    write_json(folder / "environment.json", environment().model_dump())
    history = pl.DataFrame(
        {"epoch": range(1, done + 1), "aap": [0.5] * done, "seconds": [2.5] * done}
    )
    history.write_csv(folder / "history.csv")
    return folder


def test_a_packed_study_is_four_files_and_the_report_is_the_same(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=3)
    before = to_json(read_report(folder))

    packing = pack_study(folder)

    assert len(packing.packed) == 2 * 3
    assert packing.left == {}
    assert files(folder) == PACK
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    assert to_json(read_report(folder)) == before


def test_a_report_by_baseline_and_by_system_is_the_same_too(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=2)
    before = [to_json(read_report(*what)) for what in ((folder, "miq"), (folder / "miq",))]

    pack_study(folder)

    after = [to_json(read_report(*what)) for what in ((folder, "miq"), (folder / "miq",))]
    assert after == before


def test_packing_again_changes_nothing(tmp_path):
    folder = compared(tmp_path / "study", seeds=2)
    pack_study(folder)
    before = content(folder)

    assert pack_study(folder) == ([], {})
    assert content(folder) == before


def test_new_runs_join_the_pack(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    new = write_run(folder / "miq" / "seed-1", [3] * 40, "miq-sasrec", seed=1)

    assert pack_study(folder) == ([new], {})
    assert list(read_pack(folder)) == [("miq", 0), ("miq", 1), ("sasrec", 0)]
    assert read_runs(folder).finished[1].ranks["rank"].to_list() == [3] * 40


def test_what_a_run_wrote_is_kept_as_it_was(tmp_path):
    folder = write_study(tmp_path / "study")
    run = write_run(folder / "miq" / "seed-0", [5, 1], "miq-sasrec")
    older = json.loads((run / "environment.json").read_text()) | {"command": "miqrec träin"}
    write_json(run / "environment.json", older)
    config = json.loads((run / "config.json").read_text())
    ranks, history = pl.read_parquet(run / "ranks.parquet"), pl.read_csv(run / "history.csv")

    pack_study(folder)

    packed = read_pack(folder)["miq", 0]
    assert packed.entry.config == config
    assert packed.entry.environment == older
    assert packed.history.equals(history)
    assert packed.ranks.equals(ranks)


def test_a_run_with_questions_and_one_without_are_packed_together(tmp_path):
    folder = write_study(tmp_path / "study")
    without_questions(write_run(folder / "sasrec" / "seed-0", [5, 6]))
    write_run(folder / "miq" / "seed-0", [5, 6, 7], "miq-sasrec", users=[0, 0, 1])

    pack_study(folder)

    assert read_pack(folder)["sasrec", 0].ranks.columns == ["user", "target", "rank"]
    miq, sasrec = read_runs(folder).finished
    assert miq.ranks.rows() == [(0, 0, 1, 5), (1, 0, 1, 6), (2, 1, 1, 7)]
    assert sasrec.ranks.rows() == [(0, 0, 1, 5), (1, 1, 1, 6)]


def test_a_model_that_only_counts_has_no_history(tmp_path):
    folder = write_study(tmp_path / "study")
    (write_run(folder / "sasrec" / "seed-0", [5, 6]) / "history.csv").unlink()

    pack_study(folder)

    assert read_runs(folder).finished[0].history.is_empty()


def test_pretrainings_are_packed_without_a_seed(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    write_pretraining(folder / "pretraining" / "sasrec")

    pack_study(folder)

    assert files(folder) == PACK
    assert read_pack(folder)["sasrec", None].entry.metrics is None
    assert read_runs(folder).pretrainings["sasrec"]["seconds"].sum() == 2 * 2.5


STAYING = {
    "unfinished": (lambda run: (run / "metrics.json").unlink(), "it is not finished"),
    "a model": (lambda run: (run / "artifact").mkdir(), "it holds artifact, .*--delete-models"),
    "notes": (lambda run: (run / "notes.txt").touch(), "it holds notes.txt, which a pack does not"),
    "damaged": (lambda run: (run / "ranks.parquet").write_text("x"), "ranks.parquet can't be read"),
    "incomplete": (
        lambda run: (run / "environment.json").unlink(),
        "environment.json can't be read",
    ),
    "misnamed": (lambda run: run.rename(run.parent / "seed-5"), "another seed than its name"),
}


@pytest.mark.parametrize(("change", "reason"), STAYING.values(), ids=STAYING)
def test_what_can_not_be_packed_stays_with_a_reason(tmp_path, change, reason):
    folder = compared(tmp_path / "study", seeds=1)
    change(folder / "miq" / "seed-0")
    before = content(folder / "miq")

    packing = pack_study(folder)

    assert packing.packed == [folder / "sasrec" / "seed-0"]
    (said,) = packing.left.values()
    assert re.search(reason, said)
    assert content(folder / "miq") == before


def test_a_pretraining_that_was_stopped_stays(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    stopped = write_pretraining(folder / "pretraining" / "pre", epochs=9, done=2)

    assert pack_study(folder).left == {stopped: "it is not finished"}


def test_a_run_that_is_being_worked_on_stays(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)

    with locked(folder / "miq" / "seed-0"):
        packing = pack_study(folder)

    assert packing.packed == [folder / "sasrec" / "seed-0"]
    assert "another process is at work" in packing.left[folder / "miq" / "seed-0"]


def test_models_are_deleted_only_when_that_is_said(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    for name in ("artifact", "final", "tensorboard"):
        (folder / "miq" / "seed-0" / name).mkdir()
    (folder / "sasrec" / "seed-0" / "notes.txt").touch()

    packing = pack_study(folder, delete_models=True)

    assert packing.packed == [folder / "miq" / "seed-0"]
    assert list(packing.left) == [folder / "sasrec" / "seed-0"]


def test_another_run_than_the_packed_one_stays(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    other = write_run(folder / "miq" / "seed-0", [7] * 40, "miq-sasrec")
    before = content(folder)

    assert "the pack holds another run" in pack_study(folder).left[other]
    assert content(folder) == before


@pytest.mark.parametrize("n_removed", [0, 1, 3])
def test_stopped_while_folders_are_removed_it_goes_on(tmp_path, monkeypatch, n_removed):
    folder = compared(tmp_path / "study", seeds=2)
    before = to_json(read_report(folder))
    removed, remove = [], module.remove

    def stop(path):
        if len(removed) == n_removed:
            raise KeyboardInterrupt
        removed.append(path)
        remove(path)

    monkeypatch.setattr(module, "remove", stop)
    with pytest.raises(KeyboardInterrupt):
        pack_study(folder)
    monkeypatch.setattr(module, "remove", remove)
    monkeypatch.setattr("miqrec.system.temporary._is_alive", lambda process: False)

    pack_study(folder)

    assert files(folder) == PACK
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    assert to_json(read_report(folder)) == before


def test_stopped_before_the_pack_is_complete_all_is_as_it_was(tmp_path, monkeypatch):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    new = write_run(folder / "miq" / "seed-1", [3] * 40, "miq-sasrec", seed=1)
    old, runs = read_pack(folder), read_runs(folder).finished
    moved = []
    replace = Path.replace

    def stop_at_the_index(self, target):
        if Path(target).name == RUNS:
            raise KeyboardInterrupt
        moved.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop_at_the_index)
    with pytest.raises(KeyboardInterrupt):
        pack_study(folder)
    monkeypatch.setattr(Path, "replace", replace)

    assert sorted(moved) == sorted([HISTORY, RANKS])
    assert list(read_pack(folder)) == list(old)
    assert all(read_pack(folder)[key].equal(old[key]) for key in old)
    assert [run[:2] for run in read_runs(folder).finished] == [run[:2] for run in runs]
    assert pack_study(folder).packed == [new]


def test_a_pack_that_reads_otherwise_is_not_written(tmp_path, monkeypatch):
    folder = compared(tmp_path / "study", seeds=1)
    before = content(folder)
    monkeypatch.setattr("miqrec.experiments.archive.pack.sort_by_question", lambda ranks: ranks[1:])

    with pytest.raises(
        MiqrecError, match="would not be the same in the pack, so nothing is packed"
    ):
        pack_study(folder)

    assert content(folder) == before


@pytest.mark.parametrize("name", [RUNS, HISTORY, RANKS])
def test_a_pack_that_is_damaged_is_named_and_left_alone(tmp_path, name):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    write_run(folder / "miq" / "seed-1", [3] * 40, "miq-sasrec", seed=1)
    (folder / name).write_bytes(b"\xff{")
    before = content(folder)

    for read in (pack_study, read_runs):
        with pytest.raises(MiqrecError, match=rf"study/{name} .*; restore it"):
            read(folder)
    assert content(folder) == before


def test_a_pack_of_a_newer_version_is_refused(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    newer = json.loads((folder / RUNS).read_text()) | {"format": 9, "miqrec": "9.0", "more": 1}
    write_json(folder / RUNS, newer)

    with pytest.raises(MiqrecError, match=r"written by miqrec 9\.0 in format 9.*upgrade miqrec"):
        read_runs(folder)


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    write_run(tmp_path / "miq" / "seed-0", [1, 2])

    with pytest.raises(MiqrecError, match=r"is not a study: it has no study\.json"):
        pack_study(tmp_path)


def test_other_numbers_in_the_tables_of_a_pack_are_refused(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    ranks = pl.read_parquet(folder / RANKS)
    ranks.with_columns(pl.col("rank") % 2 + 1).write_parquet(folder / RANKS)

    with pytest.raises(MiqrecError, match=r"ranks\.parquet is damaged or was altered"):
        read_runs(folder)


def test_a_pack_without_its_list_of_runs_says_so(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    (folder / RUNS).unlink()

    with pytest.raises(MiqrecError, match=r"runs\.json is missing"):
        read_runs(folder)


def test_a_pack_of_before_there_were_checksums_is_read(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)
    older = json.loads((folder / RUNS).read_text()) | {"format": 1}
    older.pop("checksums")
    for entry in older["runs"]:
        entry.pop("checksums")
    write_json(folder / RUNS, older)

    assert [(run.system, run.seed) for run in read_runs(folder).finished] == [
        ("miq", 0),
        ("sasrec", 0),
    ]
