"""JSON lines, and what is wrong with some."""

import gzip

import pytest

from miqrec.data.reading.interactions import read_interactions
from miqrec.data.reading.json_lines import open_json_lines
from miqrec.data.reading.text import AS_FOUND
from miqrec.errors import MiqrecError


def test_lists_become_lists_of_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"asin": 7, "also": [1, "b"]}\n{"asin": "x", "also": []}\n')
    table = open_json_lines(tmp_path / "a.jsonl", AS_FOUND)
    assert table.read(["asin", "also"]).rows() == [(1, "7", ["1", "b"]), (2, "x", [])]


def test_nested_lists_and_objects_stay_json(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": [["x"], ["y"]], "b": {"c": 1}}\n')
    table = open_json_lines(tmp_path / "a.jsonl", AS_FOUND)
    assert table.read(["a", "b"]).rows() == [(1, '[["x"], ["y"]]', '{"c": 1}')]


def test_rows_know_their_lines_though_blank_ones_are_none(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n\n{"a": 2}\n')
    table = open_json_lines(tmp_path / "a.jsonl", AS_FOUND)
    assert table.read(["a"]).rows() == [(1, "1"), (2, "2")]
    assert [table.line(1), table.line(2)] == [1, 3]


@pytest.mark.parametrize("first", ["[1, 2]", "{", '{"a": ' + "1" * 5_000 + "}", "[" * 99_999])
def test_a_first_line_that_is_no_object_is_an_error(tmp_path, first):
    (tmp_path / "a.json").write_text(first)
    with pytest.raises(MiqrecError, match="line 1 is not a JSON object"):
        open_json_lines(tmp_path / "a.json", AS_FOUND)


GOOD = '{"user": 1, "item": 2}\n'


@pytest.mark.parametrize(
    "bad",
    [
        "{'user': 2}",
        '{"user": ' + "1" * 5_000 + ', "item": 2}',
        '{"user": 1, "item": ' + "[" * 9_999 + "]" * 9_999 + "}",
    ],
    ids=["Python", "a number of 5,000 digits", "deep nesting"],
)
def test_the_bad_line_is_found(tmp_path, bad):
    (tmp_path / "a.json").write_text(f"{GOOD}\n{bad}\n")
    with pytest.raises(MiqrecError, match=r"a\.json: line 3 cannot be parsed"):
        read_interactions(tmp_path / "a.json")


def test_a_value_where_there_were_lists_is_an_error_with_its_line(tmp_path):
    (tmp_path / "a.json").write_text('{"user": 1, "item": [2]}\n{"user": 2, "item": 3}\n')
    with pytest.raises(MiqrecError, match=r"a\.json: line 2 cannot be parsed"):
        read_interactions(tmp_path / "a.json")


@pytest.mark.parametrize("cut", [-5, None], ids=["at its end", "in its middle"])
def test_a_gzip_that_is_cut_short_is_an_error(tmp_path, cut):
    lines = "".join(f'{{"user": {n}, "item": {n * 7919 % 10_007}}}\n' for n in range(30_000))
    whole = gzip.compress(lines.encode())
    (tmp_path / "a.json.gz").write_bytes(whole[: cut or len(whole) // 2])
    with pytest.raises(MiqrecError, match=r"a\.json\.gz cannot be read"):
        read_interactions(tmp_path / "a.json.gz")
