"""Text files, gzipped or not, and what is wrong with some."""

import gzip

import pytest

from miqrec.data.reading.columns import check_separator
from miqrec.data.reading.interactions import read_interactions
from miqrec.data.reading.text import first_line, read_bytes
from miqrec.errors import MiqrecError


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["plain", "gzipped"])
def test_an_empty_file_is_an_error(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(MiqrecError, match=r"a\.csv is empty"):
        first_line(tmp_path / "a.csv")


def test_a_damaged_gzip_is_an_error(tmp_path):
    whole = gzip.compress(b"user,item\n" + bytes(range(256)) * 9)
    for damaged in (whole[:15], whole[:15] + b"\xff" * 99):
        (tmp_path / "a.csv.gz").write_bytes(damaged)
        with pytest.raises(MiqrecError, match=r"a\.csv\.gz cannot be read"):
            first_line(tmp_path / "a.csv.gz")
        with pytest.raises(MiqrecError, match=r"a\.csv\.gz cannot be read"):
            read_bytes(tmp_path / "a.csv.gz")


MARKED = {
    "a.csv": "user,item\n1,2\n1,3\n",
    "a.tsv": "user\titem\n1\t2\n1\t3\n",
    "a.txt": "1 2\n1 3\n",
    "b.txt": "1 2 3\n",
    "a.inter": "user_id:token\titem_id:token\n1\t2\n1\t3\n",
    "ratings.dat": "1::2::5::978300760\n1::3::5::978300761\n",
    "u.data": "1\t2\t5\t978300760\n1\t3\t5\t978300761\n",
    "a.jsonl": '{"user": 1, "item": 2}\n{"user": 1, "item": 3}\n',
}


@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize(("name", "content"), MARKED.items(), ids=MARKED)
def test_a_byte_order_mark_is_no_content(tmp_path, name, content, gzipped):
    path = tmp_path / (name + ".gz" * gzipped)
    marked = content.encode("utf-8-sig")
    path.write_bytes(gzip.compress(marked) if gzipped else marked)
    assert read_interactions(path).select("user", "item").rows() == [(1, 2), (1, 3)]


@pytest.mark.parametrize("name", MARKED)
def test_utf_16_is_refused_in_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(MARKED[name].encode("utf-16"))
    with pytest.raises(MiqrecError, match="is in UTF-16; save it in UTF-8"):
        read_interactions(tmp_path / name)


@pytest.mark.parametrize(
    ("typed", "separator"), [("tab", "\t"), (r"\t", "\t"), (";", ";"), (None, None)]
)
def test_separators_are_one_character_or_a_tab(typed, separator):
    assert check_separator(typed) == separator


@pytest.mark.parametrize("typed", ["::", "", '"', "\n"])
def test_other_separators_are_refused(typed):
    with pytest.raises(ValueError, match="is not one character; give one, or tab"):
        check_separator(typed)
