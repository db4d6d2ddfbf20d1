"""Small files that other readers get wrong, from the file to the histories."""

from pathlib import Path

import pytest

from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError, MiqrecWarning

AS_FOUND = Columns()


def opened(path: Path, columns: Columns) -> Dataset:
    return open_dataset(DataConfig(source=str(path), columns=columns))


def histories(dataset: Dataset) -> dict[object, list[object]]:
    items = dataset.catalogue.decode(dataset.sequences.items).to_list()
    offsets = dataset.sequences.offsets
    return {
        user: items[start:stop]
        for user, start, stop in zip(dataset.users, offsets[:-1], offsets[1:], strict=True)
    }


CLICKS = """7,2021-03-01T10:00:09.277Z,9001,0
7,2021-03-01T10:00:01.868Z,9002,0
8,2021-03-01T11:00:00.000Z,9001,S
"""
SESSIONS = """sessionId;userId;itemId;timeframe;eventdate
1;NA;50;7;2021-05-09
1;NA;51;9;2021-05-09
2;4;50;1;2021-05-10
"""

READ = {
    "columns by their numbers": (
        *("clicks.csv", CLICKS, Columns(user="1", item="3", time="2")),
        {7: [9002, 9001], 8: [9001]},
    ),
    "semicolons, with sessions as users": (
        *("log.csv", SESSIONS, Columns(user="sessionId")),
        {1: [50, 51], 2: [50]},
    ),
    "words for nothing that are to be ids": (
        *("log.csv", SESSIONS, Columns(missing="keep")),
        {"NA": [50, 51], "4": [50]},
    ),
    "a time of an event, its rows shuffled": (
        "log.csv",
        "user_id,item_id,event_time\nu,late,1600000300\nu,early,1600000100\nu,mid,1600000200\n",
        AS_FOUND,
        {"u": ["early", "mid", "late"]},
    ),
    "quotes in a column that isn't used": (
        "log.csv",
        'user,item,timestamp,title\nu,a,1,7" screen\nu,b,2,Desk\nv,a,1,7" screen\nv,c,2,A "fine" chair\n',
        AS_FOUND,
        {"u": ["a", "b"], "v": ["a", "c"]},
    ),
    "a byte order mark before pairs": ("pairs.txt", "\ufeff1 5\n1 6\n2 5\n", AS_FOUND, {1: [5, 6], 2: [5]}),
    "a byte order mark before JSON": (
        "log.jsonl",
        '\ufeff{"user_id": "a", "item_id": "x"}\n{"user_id": "a", "item_id": "y"}\n',
        AS_FOUND,
        {"a": ["x", "y"]},
    ),
    "ids that became floats in part": (
        *("log.csv", "user,item\nu,100\nu,101.0\nv,101\nv,100.0\n", AS_FOUND),
        {"u": [100, 101], "v": [101, 100]},
    ),
    "a list and its target": (
        "log.inter",
        "session_id:token\titem_id_list:token_seq\titem_id:token\n1\t5 6\t7\n2\t6 7 5\t8\n",
        AS_FOUND,
        {1: [5, 6, 7], 2: [6, 7, 5, 8]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "columns", "expected"), READ.values(), ids=READ)
def test_what_is_read(tmp_path, name, content, columns, expected):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert histories(opened(tmp_path / name, columns)) == expected


REFUSED = {
    "clicks without a header": (CLICKS, r"line 1 \('7,2021-.*by their numbers, as in user=.1., item=.3."),
    "a user that is NA": (SESSIONS, "column 'userId' has 'NA' in line 2, .* by user=.sessionId."),
    "a user that is quoted and empty": ('user,item\n"a","b"\n"","b"\n', "is empty in line 3, so the user"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path, content, message):
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(MiqrecError, match=message):
        opened(tmp_path / "log.csv", AS_FOUND)


def test_rows_without_a_user_are_dropped_by_option(tmp_path):
    (tmp_path / "log.csv").write_text(SESSIONS)
    with pytest.warns(
        MiqrecWarning, match="2 of 3 rows have no 'userId' or 'itemId' or 'eventdate'"
    ):
        assert histories(opened(tmp_path / "log.csv", Columns(missing="drop"))) == {4: [50]}


SHARED = {
    "clicks-without-header.csv": Columns(user="1", item="3", time="2"),
    "sessions-semicolon.csv": Columns(user="sessionId"),
    "event-time-shuffled.csv": AS_FOUND,
    "repeats.csv": AS_FOUND,
    "stray-quotes.csv": AS_FOUND,
    "bom-pairs.txt": AS_FOUND,
    "bom.jsonl": AS_FOUND,
    "float-ids.csv": AS_FOUND,
    "quoted-empty.csv": Columns(missing="keep"),
    "sessions.inter": AS_FOUND,
    "today.csv": AS_FOUND,
}
"""How each of the shared files is read; their users and items were counted by hand."""

SIZES = {
    "clicks-without-header.csv": (2, 5),
    "sessions-semicolon.csv": (3, 4),
    "stray-quotes.csv": (2, 4),
    "bom-pairs.txt": (2, 3),
    "bom.jsonl": (1, 3),
    "float-ids.csv": (10, 7),
    "quoted-empty.csv": (3, 3),
    "sessions.inter": (3, 4),
    "today.csv": (1, 3),
}


@pytest.mark.parametrize("name", SHARED)
def test_the_shared_files_are_read(shared_cases, name):
    dataset = opened(shared_cases / name, SHARED[name])
    if name in SIZES:
        assert (len(dataset.users), dataset.catalogue.n_items) == SIZES[name]
    assert dataset.sequences.lengths.min() > 0
