"""Files that are damaged, or hold what nobody wants: read as far as wanted, or refused with the line."""

import gzip
import json
from pathlib import Path

import pytest

from miqrec.data.reading import text
from miqrec.data.reading.interactions import read_interactions
from miqrec.errors import MiqrecError

DEEP = "[" * 100_000 + "]" * 100_000
DIGITS = "9" * 5_000
LONG = "x" * 140_000  # more than Python's csv takes for a field
ROWS = "".join(json.dumps({"user": user, "item": user % 7}) + "\n" for user in range(9_000))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("latin-1"))
    return path


READ = {
    "Latin-1 in a column that nobody wants": ("a.csv", "user,note,item\n1,café,2\n1,b,3\n"),
    "Latin-1 in the last column": ("a.csv", "user,item,note\n1,2,café\n1,3,b\n"),
    "Latin-1 in the name of a column": ("a.csv", "user,café,item\n1,a,2\n1,b,3\n"),
    "Latin-1 in RecBole's file": (
        "a.inter",
        "user_id:token\titem_id:token\tnote:token\n1\t2\tcafé\n1\t3\tb\n",
    ),
    "a quote inside a field": ("a.csv", 'user,note,item\n1,5" disc,2\n1,"a ""b""",3\n'),
    "a field over several lines": ("a.csv", 'user,note,item\n1,"a\nb",2\n1,"c",3\n'),
    "a field of 140,000 characters": ("a.csv", f"user,item,note\n1,2,{LONG}\n1,3,a\n"),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_what_nobody_wants_does_no_harm(tmp_path, name, content):
    rows = read_interactions(write(tmp_path, name, content))

    assert rows.select("user", "item").rows() == [(1, 2), (1, 3)]


REFUSED = {
    "a stray quote at the end": (
        *("a.csv", 'user,item,note\n1,2,"stray\n1,3,b\n2,4,"x"\n'),
        "line 2 has a quote that is never closed or not at the end of its field",
    ),
    "a stray quote in the middle": (
        *("a.csv", 'user,note,item\n1,b,2\n1,"stray,3\n1,b,3\n2,"c",4\n'),
        "line 3 has a quote that is never closed or not at the end of its field",
    ),
    "Latin-1 in an item": ("a.csv", "user,item\n1,a\n1,café\n", "line 3 is not in UTF-8"),
    "Latin-1 in lines": ("a.txt", "1 2 3\n2 café 5\n", "line 2 is not in UTF-8"),
    "a name of 140,000 characters": (
        "a.csv",
        f"user,item,{LONG}\n1,2,3\n",
        "line 1 cannot be split",
    ),
    "deep nesting": (
        "a.jsonl",
        f'{{"user":1,"item":2}}\n{{"user":1,"item":{DEEP}}}\n',
        "line 2 cannot",
    ),
    "a number of 5,000 digits": (
        *("a.jsonl", f'{{"user":1,"item":2}}\n{{"user":1,"item":{DIGITS}}}\n'),
        "line 2 cannot be parsed",
    ),
    "a time of 5,000 digits": (
        *("a.csv", f"user,item,time\n1,2,{DIGITS}\n1,3,4\n"),
        r"column 'time' has '9{79}\.\.\. in line 2, which is no time",
    ),
    "an infinite time": ("a.csv", "user,item,time\n1,2,1\n1,3,inf\n", "has 'inf' in line 3"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, name, content, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        read_interactions(write(tmp_path, name, content))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz", "a.txt.gz"])
def test_a_gzipped_file_that_ends_too_early_is_refused(tmp_path, name):
    packed = gzip.compress(ROWS.encode() if "json" in name else b"user,item\n" + b"1,2\n" * 9_000)
    damaged = write(tmp_path, name, packed[: len(packed) // 2])

    with pytest.raises(MiqrecError, match="cannot be read"):
        read_interactions(damaged)


BOMBS = {
    "a.jsonl.gz": '{"user": 1, "item": 2}\n',
    "a.csv.gz": "user,item\n",
    "a.txt.gz": "1 2\n",
    "a.inter.gz": "user_id:token\titem_id:token\n",
}


@pytest.mark.parametrize(("name", "line"), BOMBS.items())
def test_a_gzipped_file_that_is_nearly_nothing_over_and_over_is_refused(
    tmp_path, monkeypatch, name, line
):
    monkeypatch.setattr(text, "MOST_BYTES", 1000)
    monkeypatch.setattr(text, "MOST_TIMES", 50)

    with pytest.raises(MiqrecError, match="as no log does"):
        read_interactions(write(tmp_path, name, gzip.compress((line * 100_000).encode())))
