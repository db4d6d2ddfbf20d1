"""`miqrec tune` as typed."""

import json
import re
import shlex
from pathlib import Path

import pytest

from commands import miqrec
from disks import SMALL
from worlds import cycle, frame

QUICK = ("--epochs", 1, "--n-heads", 1, "--n-layers", 1, "--max-length", 10)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "log.csv"
    frame(cycle()).write_csv(path)
    return path


@pytest.fixture
def command(log, tmp_path) -> tuple[object, ...]:
    (tmp_path / "search.toml").write_text(
        "[search]\ndim = [8, 16]\ndropout = {low = 0, high = 0.5}"
    )
    where = ("--search", tmp_path / "search.toml", "--out", tmp_path / "out")
    return ("tune", "--data", log, "--model", "sasrec", *where, *QUICK)


def test_the_best_settings_are_a_command_that_can_be_run(command, tmp_path):
    done = miqrec(*command, "--trials", 2)

    assert done.returncode == 0, done.stderr
    said, best = done.stdout.splitlines()
    assert re.match(r"Trial [01] has the best validation NDCG@10, 0\.\d{4}, of ", said)
    assert "trial 1 complete" in done.stderr
    program, *words = shlex.split(best)
    assert program == "miqrec"
    trained = miqrec(*words)
    assert trained.returncode == 0, trained.stderr
    assert (tmp_path / "out" / "best" / "metrics.json").exists()


def test_json_for_machines_and_a_second_time_without_training(command, tmp_path):
    first = json.loads(miqrec(*command, "--trials", 1, "--json").stdout)
    again = json.loads(miqrec(*command, "--trials", 1, "--json").stdout)

    assert first == again
    assert first["settings"].keys() >= {"dim", "dropout", "epochs"}
    assert (first["trial"], first["finished"], first["pruned"]) == (0, 1, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("room", [0, 8_192, 60_000, 130_000])
def test_a_disk_that_fills_up_is_one_sentence_and_the_search_goes_on_later(
    command, small_disk, room
):
    command = (*command, "--out", small_disk / "out", "--trials", 1)
    (small_disk / "filler").write_bytes(bytes(SMALL - room))
    full = miqrec(*command)
    (small_disk / "filler").unlink()

    assert full.returncode == 2
    assert full.stderr.splitlines()[-1].startswith("error: ")
    assert miqrec(*command).returncode == 0


def test_trials_may_start_from_a_pretraining_on_data_with_names_of_their_own(tmp_path):
    renamed = frame(cycle()).rename({"user": "who", "item": "what"})
    renamed.write_csv(tmp_path / "log.csv")
    items = {name: [f"tens {name[-2]}"] for name in cycle().catalogue.frame["item"]}
    (tmp_path / "items.json").write_text(json.dumps(items))
    (tmp_path / "search.toml").write_text("[search]\ndropout = [0.1, 0.3]")
    data = ("--data", tmp_path / "log.csv", "--user", "who", "--item", "what")
    data += ("--items", tmp_path / "items.json", "--model", "s3rec", *QUICK)
    pretrained = miqrec("pretrain", *data, "--dim", 8, "--out", tmp_path / "pre")
    assert pretrained.returncode == 0, pretrained.stderr
    search = ("--search", tmp_path / "search.toml", "--init-from", tmp_path / "pre")

    done = miqrec("tune", *data, "--dim", 8, *search, "--trials", 1, "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    trial = json.loads((tmp_path / "out" / "trial-0" / "config.json").read_text())
    assert trial["init_from"]["folder"] == str(tmp_path / "pre")
    *_, best = done.stdout.splitlines()
    for words in ("--user who --item what --items", f"--init-from {tmp_path / 'pre'}"):
        assert words in best


def test_a_recipe_has_data_model_settings_and_search(log, tmp_path):
    recipe = tmp_path / "own.toml"
    recipe.write_text(f"""
        title = "T"
        caption = ""
        data = "{log}"
        [settings]
        epochs = 1
        n_heads = 1
        dim = 8
        [tuning]
        trials = 2
        [tuning.search]
        dropout = [0.1, 0.3]
        window = [2, 3]
        [systems.one]
        label = "1"
        model = "sasrec"
        dropout = 0.3
        [systems.several]
        label = "m"
        model = "miq-sasrec"
    """)

    done = miqrec("tune", "--recipe", f"{recipe}:one", "--out", tmp_path / "out", "--json")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["settings"].keys() == {"epochs", "n_heads", "dim", "dropout"}
    assert result["finished"] + result["pruned"] == 2
    again = miqrec(
        "tune", "--recipe", f"{recipe}:one", "--model", "sasrec", "--out", tmp_path / "o"
    )
    assert again.returncode == 2
    assert "only settings can be typed beside it" in again.stderr


@pytest.mark.parametrize("storage", ["nonsense", "sqlite:////nowhere/tune.db", "redish://x"])
def test_a_database_that_can_not_be_opened_is_one_sentence(command, storage):
    done = miqrec(*command, "--storage", storage)

    assert done.returncode == 2
    *reports, error = done.stderr.splitlines()
    assert error.startswith("error: the database of --storage can't be opened: ")
    assert all(report.startswith("read ") for report in reports)  # which columns were taken


def test_a_recipe_without_a_search_and_nothing_at_all_are_one_sentence(tmp_path):
    for words, message in {
        ("--recipe", "table3-lastfm:sasrec"): "the recipe table3-lastfm:sasrec has no search",
        (): "give --data and --search, or a --recipe",
    }.items():
        done = miqrec("tune", *words, "--out", tmp_path / "out")
        assert done.returncode == 2
        assert message in done.stderr
        assert not (tmp_path / "out").exists()


def test_it_explains_itself_with_an_example():
    shown = miqrec("tune", "--help")

    assert shown.returncode == 0
    assert "miqrec tune" in shown.stdout.split("Example")[1]
    assert "[search]" in shown.stdout


WRONG = {
    "no such file": (["--search", "nowhere.toml"], "can't be read"),
    "a recipe beside data": (["--recipe", "table3-lastfm:sasrec"], "a --recipe has its own data"),
    "typed and searched": (["--dim", "8"], "dim can't be both typed and searched"),
    "searched and pre-trained": (
        ["--init-from", "pre"],
        "dim can't be searched, since --init-from",
    ),
    "a setting of another model": (["--window", "3"], "sasrec has no setting 'window'"),
    "no such data": (["--data", "nowhere.csv"], "nowhere.csv"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_one_sentence_and_exit_code_2(command, arguments, message, tmp_path):
    done = miqrec(*command, *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
