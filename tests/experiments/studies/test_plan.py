"""A plan names every run of a study once, in order, and knows what its folder holds."""

from pathlib import Path

import pytest

from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError
from miqrec.experiments.archive.pack import PackedRun
from miqrec.experiments.archive.packing import pack_study
from miqrec.experiments.archive.read import read_run
from miqrec.experiments.studies.plan import check, plan, unfinished
from miqrec.experiments.studies.study import Study
from miqrec.runs.config import RunConfig
from miqrec.runs.folder import claim
from studies import STUDY as TABLE_X
from studies import compared
from worlds import cycle

STUDY = Study(
    name="mine",
    title="",
    caption="",
    data="log.csv",
    settings={"dim": 8, "drop_duplicates": True},
    pretraining={"pre": {"model": "s3rec", "epochs": 2}},
    systems={
        "a": {"label": "A", "model": "sasrec", "learning_rate": 0.01},
        "b": {"label": "B", "model": "s3rec", "pretraining": "pre"},
    },
)


def names(runs) -> list[str]:
    return [run.name for run in runs]


def touch(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("{}")


def test_pretrainings_come_first_and_then_whole_tables():
    runs = plan(STUDY, Path("out"), seeds=2)

    assert names(runs) == ["pre-training pre", "a 0", "b 0", "a 1", "b 1"]
    assert [run.seed for run in runs] == [None, 0, 0, 1, 1]


def test_folders_are_named_by_study_system_and_seed():
    pre, a, b = plan(STUDY, Path("out"), seeds=1)

    assert pre.folder == Path("out/mine/pretraining/pre")
    assert a.folder == Path("out/mine/a/seed-0")
    assert (a.after, b.after) == (None, pre.folder)


def test_commands_are_complete():
    pre, a, b = (" ".join(run.command) for run in plan(STUDY, Path("out"), seeds=1))

    shared = f"--data {Path('log.csv').absolute()} --model {{}} --dim 8 --drop-duplicates"
    assert pre == f"pretrain {shared.format('s3rec')} --epochs 2 --out out/mine/pretraining/pre"
    assert a == (
        f"train {shared.format('sasrec')} --learning-rate 0.01 --seed 0 --out out/mine/a/seed-0"
    )
    assert b == (
        f"train {shared.format('s3rec')} --seed 0 --out out/mine/b/seed-0 "
        "--init-from out/mine/pretraining/pre"
    )


def test_own_data_are_read_by_the_names_of_their_columns():
    own = {"columns": {"user": "who", "time": "when"}, "items": "songs.csv"}
    study = STUDY.model_validate(STUDY.model_dump() | own)
    pre, a, _ = (" ".join(run.command) for run in plan(study, Path("out"), seeds=1))

    log, songs = Path("log.csv").absolute(), Path("songs.csv").absolute()
    data = f"--data {log} --user who --time when --items {songs} --model"
    assert pre.startswith(f"pretrain {data} s3rec")
    assert a.startswith(f"train {data} sasrec")


def test_some_systems_only_with_the_pretrainings_that_they_need():
    assert names(plan(STUDY, Path("out"), 2, ["a"])) == ["a 0", "a 1"]
    with pytest.raises(MiqrecError, match="mine has no system 'c'; choose from a, b"):
        plan(STUDY, Path("out"), 2, ["a", "c"])


def test_a_run_is_finished_when_what_is_written_last_is_there(tmp_path):
    pre, a, b = plan(STUDY, tmp_path, seeds=1)
    touch(pre.folder / "artifact", "model.safetensors")
    touch(a.folder, "config.json")

    assert [run.state for run in (pre, a, b)] == ["finished", "started", "to do"]
    touch(a.folder, "metrics.json")
    assert a.state == "finished"


def test_a_pretraining_that_nobody_waits_for_is_not_to_be_done(tmp_path):
    runs = plan(STUDY, tmp_path, seeds=1)
    assert names(unfinished(runs)) == ["pre-training pre", "a 0", "b 0"]

    touch(runs[2].folder, "metrics.json")

    assert names(unfinished(runs)) == ["a 0"]


def config(run, **training) -> RunConfig:
    """What the run's config is, but for what is said."""
    return RunConfig(
        data=DataConfig(source="log.csv"),
        fingerprint=training.pop("fingerprint", cycle().fingerprint),
        model=run.chosen.model,
        training=run.chosen.training.model_copy(update=training),
    )


def packed(run, **training):
    return run._replace(packed=PackedRun(config(run, **training), None))


def refusal(*runs) -> str | None:
    """What the runs are refused for; None where they are taken."""
    try:
        check(runs, STUDY.source(), cycle())
    except MiqrecError as error:
        return str(error)
    return None


def test_a_folder_with_the_planned_run_is_taken(tmp_path):
    _, a, b = plan(STUDY, tmp_path, seeds=1)
    claim(a.folder, config(a))

    assert refusal(a, b) is None
    assert not b.folder.exists()


@pytest.mark.parametrize(
    ("there", "name"), [({"epochs": 7}, "training.epochs"), ({"fingerprint": "x"}, "fingerprint")]
)
def test_a_folder_with_another_run_is_refused(tmp_path, there, name):
    _, a, _ = plan(STUDY, tmp_path, seeds=1)
    claim(a.folder, config(a, **there))

    assert f"seed-0 holds a run with other settings ({name})" in refusal(a)


def test_a_packed_run_is_finished_and_a_packed_pretraining_has_no_weights_left():
    pre, a, b = plan(STUDY, Path("out"), seeds=1)
    runs = [pre._replace(packed=PackedRun(None, None)), packed(a), b]

    assert [run.state for run in runs] == ["to do", "finished", "to do"]
    assert names(unfinished(runs)) == ["pre-training pre", "b 0"]


def test_packed_runs_are_taken_where_all_have_the_planned_settings():
    _, a, b = plan(STUDY, Path("out"), seeds=1)

    assert refusal(packed(a), packed(b)) is None
    assert "seed-0 holds a run with other settings (training.epochs)" in refusal(
        packed(a), packed(b, epochs=7)
    )


def test_what_the_pack_of_a_study_holds_is_planned_as_finished(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=1)
    pack_study(folder)

    runs = plan(Study.model_validate(TABLE_X), tmp_path, seeds=2)

    assert [run.state for run in runs] == ["finished", "finished", "to do", "to do"]
    assert runs[0].metrics == read_run(folder / "sasrec" / "seed-0").metrics
    assert runs[2].metrics is None
