"""The commands as they are typed: what they print, leave and refuse."""

import json
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from commands import miqrec
from miqrec.data.filters import Filters
from miqrec.models.registry import find_models
from miqrec.training.config import TrainingConfig
from miqrec.training.pretraining.config import PretrainingConfig
from studies import compared
from worlds import cycle, frame

QUICK = [
    "--epochs",
    "2",
    "--dim",
    "16",
    "--n-heads",
    "1",
    "--max-length",
    "10",
    "--batch-size",
    "32",
]


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "log.csv"
    frame(cycle()).write_csv(path)
    return path


@pytest.fixture(scope="module")
def trained(log) -> Path:
    out = log.parent / "run"
    done = miqrec("train", "--data", log, "--window", 3, "--final", "--out", out, *QUICK)
    assert done.returncode == 0, done.stderr
    return out


def test_train_prints_the_scores_and_leaves_a_run(trained):
    assert (trained / "metrics.json").exists()
    assert (trained / "final" / "artifact" / "model.safetensors").exists()


def test_training_again_reads_the_finished_run(trained, log):
    again = miqrec("train", "--data", log, "--window", 3, "--out", trained, "--json", *QUICK)

    assert again.returncode == 0, again.stderr
    assert (
        json.loads(again.stdout)["test"]
        == json.loads((trained / "metrics.json").read_text())["test"]
    )


def test_evaluate_repeats_the_scores_of_the_run(trained, log):
    done = miqrec("evaluate", trained, "--data", log, "--json")

    metrics = json.loads((trained / "metrics.json").read_text())
    assert done.returncode == 0, done.stderr
    counts = {"n_users": 120, "questions": 120, "seen_targets": 0, "unknown_targets": 0}
    assert json.loads(done.stdout) == {"split": "test", **counts, **metrics["test"]}


@pytest.mark.parametrize(
    ("name", "read"),
    [("a.parquet", pl.read_parquet), ("a.csv", pl.read_csv), ("a.jsonl", pl.read_ndjson)],
)
def test_recommend_writes_the_file_that_is_named(trained, tmp_path, name, read):
    done = miqrec("recommend", trained, "--user", 7, "--user", 3, "-k", 4, "--out", tmp_path / name)

    assert done.returncode == 0, done.stderr
    written = read(tmp_path / name)
    assert written["user"].to_list() == [7] * 4 + [3] * 4
    assert written["rank"].to_list() == [1, 2, 3, 4] * 2


def test_recommend_tells_machines_what_it_wrote(trained, tmp_path):
    words = ("--all-users", "-k", 4, "--out", tmp_path / "recs", "--json")
    told = json.loads(miqrec("recommend", trained, *words).stdout)

    lists = pl.read_parquet(tmp_path / "recs")
    assert told == {
        "users": lists["user"].n_unique(),
        "rows": lists.height,
        "resumed": 0,
        "out": str(tmp_path / "recs"),
    }


def test_recommend_after_a_history_that_is_typed_in(trained):
    done = miqrec("recommend", trained, "--history", "item 03", "--history", "item 04", "--json")

    rows = json.loads(done.stdout)
    assert [row["rank"] for row in rows] == list(range(1, 11))
    assert not {"item 03", "item 04"} & {row["item"] for row in rows}


def test_recommend_cuts_nothing_off_where_there_is_little_room(trained):
    narrow = miqrec("recommend", trained, "--history", "item 03", "--k", 5, columns=40).stdout

    assert "…" not in narrow
    assert len(re.findall(r"\d\.\d{4}\b", narrow)) == narrow.count("model") == 5


def test_compare_shows_the_difference(trained, log, tmp_path):
    miqrec("train", "--data", log, "--model", "markov", "--out", tmp_path / "markov")

    shown = miqrec("compare", trained, tmp_path / "markov", columns=80)

    lines = shown.stdout.splitlines()
    scores = {words[0]: words[1:] for line in lines if (words := line.split()) and len(words) > 7}
    change = float(scores["markov"][0]) - float(scores["run"][0])
    assert "difference" in scores, shown.stdout
    assert float(scores["difference"][0]) == pytest.approx(change, abs=2e-4)


def test_compare_names_runs_of_one_name_by_their_folders_too(tmp_path):
    study = compared(tmp_path / "table-x", seeds=1)

    shown = miqrec("compare", study / "sasrec" / "seed-0", study / "miq" / "seed-0")

    rows = [line.split()[0] for line in shown.stdout.splitlines() if "seed-0" in line]
    assert rows == ["sasrec/seed-0", "miq/seed-0"]


def test_a_recipe_gives_what_is_not_typed(log, tmp_path):
    (tmp_path / "mine.toml").write_text(
        f'title = ""\ncaption = ""\ndata = "{log}"\n'
        '[systems.a]\nlabel = "A"\nmodel = "sasrec"\ndim = 8\nn_heads = 1\n'
    )

    done = miqrec(
        *("train", "--recipe", tmp_path / "mine.toml", "--dim", 16, "--epochs", 1),
        *("--out", tmp_path / "run", "--json"),
    )

    model = json.loads(done.stdout)["config"]["model"]
    assert (model["name"], model["dim"], model["n_heads"]) == ("sasrec", 16, 1)


def test_a_recipe_that_starts_from_a_pretraining_says_which(tmp_path):
    done = miqrec("train", "--recipe", "table3-lastfm:miq-s3rec", "--out", tmp_path / "run")

    assert done.returncode == 2
    assert "run `miqrec pretrain --data lastfm --model miq-s3rec" in done.stderr
    assert "--init-from FOLDER" in done.stderr


def test_datasets_lists_names_sizes_and_where_they_are():
    rows = json.loads(miqrec("datasets", "--json").stdout)

    assert {"demo", "ml-100k", "ml-1m", "lastfm", "beauty", "beauty-5core", "beauty-bert4rec"} == {
        row["name"] for row in rows
    }


def test_answers_are_mixed_where_it_is_asked_for(trained):
    """What evaluate measures, recommend lists."""

    def hits(*mix: str) -> float:
        return json.loads(miqrec("evaluate", trained, "--json", *mix).stdout)["HR@10"]

    mixed = miqrec("evaluate", trained, "--lists", "--json", "--mix", "0.5 0.5").stdout
    typed = miqrec(
        "recommend", trained, "--history", "item 03", "--json", "--mix", "0.5 0.5"
    ).stdout

    assert json.loads(mixed)["recall@10"] == pytest.approx(hits("--mix", "0.5 0.5"))
    assert hits("--mix", "1") == hits()
    assert all(row["score"] < 0 for row in json.loads(typed))  # log-probabilities


@pytest.mark.parametrize(
    "command", ["train", "pretrain", "evaluate", "recommend", "compare", "reproduce", "datasets"]
)
def test_every_command_explains_itself_with_an_example(command):
    shown = miqrec(command, "--help")

    assert shown.returncode == 0
    assert f"miqrec {command}" in shown.stdout.split("Example")[1]


def test_every_setting_is_an_option():
    shown = miqrec("train", "--help").stdout

    for option in ("--window", "--pooling", "--dim", "--loss", "--epochs", "--seed", "--min-user"):
        assert option in shown


def test_every_setting_says_what_it_is():
    configs = [
        TrainingConfig,
        PretrainingConfig,
        Filters,
        *(entry.config for entry in find_models().values()),
    ]
    explained = {
        name
        for config in configs
        for name, field in config.model_fields.items()
        if field.description
    }

    assert {name for config in configs for name in config.model_fields} - explained == {"name"}


def test_a_default_that_differs_from_model_to_model_is_shown_for_each():
    shown = " ".join(miqrec("train", "--help").stdout.replace("│", " ").split())

    assert (
        "200 for sasrec, miq-sasrec, miq-sasrec-ablation; 50 for s3rec, miq-s3rec, gru4rec, sr-gnn"
        in shown
    )


WRONG = {
    "no data": ("train", "--out", "{new}"),
    "no such file": ("train", "--data", "nowhere.csv", "--out", "{new}"),
    "no such column": ("train", "--data", "{log}", "--user", "customer", "--out", "{new}"),
    "no such recipe": ("train", "--recipe", "x", "--out", "{new}"),
    "no such model": ("train", "--data", "{log}", "--model", "sasrek", "--out", "{new}"),
    "a setting of another model": (
        "train",
        "--data",
        "{log}",
        "--model",
        "markov",
        "--dim",
        "8",
        "--out",
        "{new}",
    ),
    "a value out of range": ("train", "--data", "{log}", "--dropout", "2", "--out", "{new}"),
    "a window that does not fit": (
        "train",
        "--data",
        "{log}",
        "--window",
        "9",
        "--max-length",
        "5",
        "--out",
        "{new}",
    ),
    "nobody left": ("train", "--data", "{log}", "--min-user", "99", "--out", "{new}"),
    "nothing to resume": ("train", "--resume", "--out", "{new}"),
    "not an artifact": ("evaluate", "{new}"),
    "k too large": ("recommend", "{run}", "-k", "21"),
    "nobody of that name": ("recommend", "{run}", "--user", "nemo"),
    "an item nobody knows": ("recommend", "{run}", "--history", "x", "--on-unknown", "error"),
    "everybody and somebody": ("recommend", "{run}", "--all-users", "--user", "7"),
    "a file of no known kind": ("recommend", "{run}", "--out", "list.xlsx"),
    "weights that are none": ("evaluate", "{run}", "--mix", "0.6 0.3"),
    "a mixture that was not trained": ("recommend", "{run}", "--mix", "trained"),
    "a temperature of a lone answer": ("evaluate", "{run}", "--temperature", "2"),
    "not a run": ("compare", "{new}"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, trained, log, tmp_path):
    places = {"log": log, "run": trained, "new": tmp_path / "new"}

    done = miqrec(*(argument.format(**places) for argument in arguments))

    assert done.returncode == 2
    lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("read ")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert not (tmp_path / "new").exists()


def test_it_is_a_program():
    done = subprocess.run([sys.executable, "-m", "miqrec"], capture_output=True, check=False)

    assert b"train" in done.stdout


def test_a_mistyped_option_is_exit_code_2():
    assert miqrec("train", "--windov", 3).returncode == 2


def test_ctrl_c_leaves_a_run_that_goes_on(log, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "miqrec", "train", "--data", str(log), "--out", str(out)]
    values = ["--epochs", "400", "--patience", "400", *QUICK[2:]]
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # jobs in the background ignore it
    process = subprocess.Popen(
        [*command, *values],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed,  # noqa: PLW1509 (no threads here)
    )
    while process.poll() is None and not (out / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()

    assert process.returncode == 130
    assert f"stopped; `miqrec train --out {out} --resume` goes on" in said
    assert (out / "checkpoints" / "last.ckpt").exists()
    assert not (out / "metrics.json").exists()


def test_options_beside_resume_are_refused_by_name(trained):
    done = miqrec("train", "--out", trained, "--resume", "--epochs", 5, "--data", "demo")

    assert done.returncode == 2
    assert "--data, --epochs can't be given beside --resume" in done.stderr


def test_a_recipe_reads_its_data_with_its_own_columns(tmp_path, log):
    frame = pl.read_csv(log) if log.suffix == ".csv" else pl.read_parquet(log)
    frame.rename({"user": "who", "item": "what"}).write_csv(tmp_path / "log.csv")
    (tmp_path / "study.toml").write_text(
        f"""
        title = "Mine"
        caption = "Columns of unusual names."
        data = "{tmp_path / "log.csv"}"
        columns = {{user = "who", item = "what"}}
        [systems.counted]
        label = "Popularity"
        model = "popularity"
        """
    )

    done = miqrec("train", "--recipe", tmp_path / "study.toml", "--out", tmp_path / "run")

    assert done.returncode == 0, done.stderr
    assert (
        json.loads((tmp_path / "run" / "config.json").read_text())["data"]["columns"]["user"]
        == "who"
    )
