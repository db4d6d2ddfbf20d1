"""What is typed of a file is honoured, and each reading says which columns it took."""

import json
from pathlib import Path

import pytest

from commands import Done, miqrec
from miqrec.runs.folder import read_run_config

HISTORIES = {
    user: [f"i{(user + step) % 6}" for step in range(4)] for user in range(12)
}  # everybody walks round the same circle


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def train(data: Path | str, *options: object, out: Path) -> Done:
    return miqrec("train", "--data", data, "--model", "markov", "--out", out, *options)


def clicks(user: str = "u{}", form: str = "{user},{time},{item}") -> list[str]:
    """The rows of all histories, the newest first."""
    rows = [
        form.format(user=user.format(name), item=item, time=f"2021-03-{step + 1:02}T00:00:00Z")
        for name, items in HISTORIES.items()
        for step, item in enumerate(items)
    ]
    return rows[::-1]


def test_a_reading_says_on_standard_error_which_columns_it_took(tmp_path):
    log = write(tmp_path / "log.csv", ["userId,event_time,movieId", *clicks()])
    done = train(log, "--json", out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == (
        f"read {log}: user = userId, item = movieId, time = event_time"
    )
    assert json.loads(done.stdout)["test"]["HR@5"] == 1.0  # by their times the walks are plain


def test_columns_go_by_their_numbers_and_the_separator_by_its_name(tmp_path):
    log = write(tmp_path / "log.csv", clicks(form="{user}:{item}:7"))
    options = ("--user", 1, "--item", 2, "--separator", ":")
    done = train(log, *options, out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "user = column 1, item = column 2; no time: the order of rows counts" in done.stderr
    columns = read_run_config(tmp_path / "run").data.columns
    assert (columns.user, columns.item, columns.separator) == ("1", "2", ":")


def test_a_file_without_a_header_is_refused_with_its_first_row_and_the_way_out(tmp_path):
    log = write(tmp_path / "log.csv", ["7,2021-03-01T10:00:09.277Z,9001,0"])
    done = train(log, out=tmp_path / "run")
    assert done.returncode == 2
    assert "7,2021-03-01T10:00:09.277Z,9001,0" in done.stderr
    assert "as in --user 1, --item 3 and --time 2" in done.stderr
    assert not (tmp_path / "run").exists()


def test_rows_without_a_user_are_refused_or_dropped(tmp_path):
    log = write(tmp_path / "log.csv", ["user,time,item", "NA,2021-03-01,i1", *clicks()])
    refused = train(log, out=tmp_path / "run")
    assert refused.returncode == 2
    assert "column 'user' has 'NA' in line 2, so the user is missing" in refused.stderr
    dropped = train(log, "--missing", "drop", out=tmp_path / "run")
    assert dropped.returncode == 0, dropped.stderr
    assert "1 of 49 rows have no 'user' or 'item' or 'time' and were dropped" in dropped.stderr


def test_kinds_and_sessions_are_named(tmp_path):
    rows = clicks(form="{user},{item},{time},v,{user}")
    log = write(tmp_path / "log.csv", ["user,item,time,what,visit", *rows])
    done = train(log, "--kind", "what", "--session", "visit", out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert (
        "kind = what, session = visit (--by-session would make each session a history)"
        in done.stderr
    )


def test_a_separator_that_is_none_is_one_sentence(tmp_path):
    log = write(tmp_path / "log.csv", ["user,time,item", *clicks()])
    done = train(log, "--separator", "::", out=tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr == "error: separator: '::' is not one character; give one, or tab\n"


@pytest.mark.parametrize(
    ("option", "value", "kept"), [("--min-user", 100, "min_user"), ("--min-item", 200, "min_item")]
)
def test_filters_of_a_named_data_set_are_honoured_and_recorded(tmp_path, option, value, kept):
    done = train("demo", option, value, out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "1,500 users, 400 items" not in done.stderr
    assert getattr(read_run_config(tmp_path / "run").data.filters, kept) == value


def test_columns_that_a_named_data_set_has_not_are_refused(tmp_path):
    done = train("demo", "--user", "who", out=tmp_path / "run")
    assert done.returncode == 2
    assert "demo has no column 'who' for the user; it has user, item, time" in done.stderr


def test_items_of_a_named_data_set_may_be_others(tmp_path):
    items = write(tmp_path / "items.csv", ["item,title", "the-silent-harbour,Mine"])
    done = train("demo", "--items", items, out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    listed = miqrec("recommend", tmp_path / "run", "--k", 300, "--json", "--user", "user-0001")
    assert "Mine" in {row["title"] for row in json.loads(listed.stdout)}


def test_who_is_served_is_not_filtered_as_training_was(tmp_path):
    log = write(tmp_path / "log.csv", ["user,time,item", *clicks()])
    train(log, "--min-user", 4, "--min-item", 5, out=tmp_path / "run")
    today = write(tmp_path / "today.csv", ["user,item", "new,i3", "new,i4"])
    lists = miqrec("recommend", tmp_path / "run", "--data", today, "--k", 1, "--json")
    assert lists.returncode == 0, lists.stderr
    assert [row["item"] for row in json.loads(lists.stdout)] == ["i5"]


def test_what_was_read_with_a_separator_is_read_so_again(tmp_path):
    log = write(tmp_path / "log.csv", clicks(form="{user}:{item}:7"))
    options = ("--user", 1, "--item", 2, "--separator", ":")
    train(log, *options, out=tmp_path / "run")
    scores = json.loads(miqrec("evaluate", tmp_path / "run", "--json").stdout)
    assert scores["HR@10"] == 1.0
    others = write(tmp_path / "others.csv", clicks(form="{user},{item},7"))
    lists = miqrec("recommend", tmp_path / "run", "--data", others, "--k", 1, "--json")
    assert len(json.loads(lists.stdout)) == len(HISTORIES), lists.stderr
