"""Lines that are not delimited tables, and what is wrong with some."""

import gzip

import pytest

from miqrec.data.reading.text import first_line, read_bytes, scan_json_lines, scan_sequences
from miqrec.errors import MiqrecError


def test_lines_may_have_any_blanks_between_and_around(tmp_path):
    (tmp_path / "a.txt").write_text(" 1  10\t11 \r\n\r\n2 12")
    frame = scan_sequences(tmp_path / "a.txt").frame.collect()
    assert frame.rows() == [(1, "1", "10"), (1, "1", "11"), (3, "2", "12")]


def test_a_user_without_items_gets_an_empty_row(tmp_path):
    (tmp_path / "a.txt").write_text("1 10 11\n2\n")
    assert scan_sequences(tmp_path / "a.txt").frame.collect().rows()[-1] == (2, "2", None)


def test_a_third_column_does_not_pass_for_items(tmp_path):
    (tmp_path / "a.txt").write_text("1 10 978300760\n2 10 978300761\n1 11 978300762\n")
    with pytest.raises(MiqrecError, match=r"a\.txt: line 3 is a second line of user 1"):
        scan_sequences(tmp_path / "a.txt")


def test_a_header_does_not_pass_for_a_user(tmp_path):
    (tmp_path / "a.txt").write_text("user_id item_id\n1 10\n")
    with pytest.raises(MiqrecError, match="has a header"):
        scan_sequences(tmp_path / "a.txt")


def test_json_lists_become_lists_of_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"asin": 7, "also": [1, "b"]}\n{"asin": "x", "also": []}\n')
    frame = scan_json_lines(tmp_path / "a.jsonl").frame.collect()
    assert frame.rows() == [(1, "7", ["1", "b"]), (2, "x", [])]


def test_json_that_is_not_one_object_a_line_is_an_error(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    with pytest.raises(MiqrecError, match="line 1 is not a JSON object"):
        scan_json_lines(tmp_path / "a.json")


def test_the_bad_line_of_json_is_found(tmp_path):
    (tmp_path / "a.json").write_text("{\"user\": 1}\n\n{'user': 2}\n")
    assert scan_json_lines(tmp_path / "a.json").first_bad_line() == 3


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
