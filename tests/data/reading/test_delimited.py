"""Delimited files: what they are without a header, and where they break."""

import pytest

from miqrec.data.reading.delimited import scan_delimited, scan_movielens, scan_recbole
from miqrec.errors import MiqrecError


def test_four_fields_without_a_header_are_user_item_rating_time(tmp_path):
    (tmp_path / "a.csv").write_text("A,B,5.0,9\n")
    frame = scan_delimited(tmp_path / "a.csv", ",").frame.drop("__row__").collect()
    assert frame.to_dicts() == [{"user": "A", "item": "B", "rating": "5.0", "time": "9"}]


def test_other_files_without_a_header_are_an_error(tmp_path):
    (tmp_path / "a.csv").write_text("A,7\nB,8\n")
    with pytest.raises(MiqrecError, match=r"line 1 \('A,7'\) is data; put a line with the columns"):
        scan_delimited(tmp_path / "a.csv", ",")


def test_lines_are_counted_with_the_header_and_blank_ones(tmp_path):
    (tmp_path / "a.csv").write_text("user,item\n1,2\n\n3,4\n")
    assert scan_delimited(tmp_path / "a.csv", ",").frame.collect()["__row__"].to_list() == [2, 4]


def test_recbole_sequences_of_tokens_become_lists(tmp_path):
    (tmp_path / "a.item").write_text("item_id:token\tclass:token_seq\n1\tDrama War\n")
    frame = scan_recbole(tmp_path / "a.item").frame.drop("__row__").collect()
    assert frame.to_dicts() == [{"item_id": "1", "class": ["Drama", "War"]}]


def test_quotes_mean_nothing_where_they_are_not_used(tmp_path):
    (tmp_path / "ratings.dat").write_text('1::"2::5::9\n1::3::5::9\n')
    assert scan_movielens(tmp_path / "ratings.dat").frame.collect()["item"].to_list() == ['"2', "3"]


@pytest.mark.parametrize(
    ("content", "line"),
    [("1,2\n1,2,3\n", 2), ("1,2\n1,2\n1,\"2\n1,2\n", 3), ("1,2\n", None)],
    ids=["too many fields", "a quote that stays open", "nothing"],
)  # fmt: skip
def test_the_bad_line_is_found(tmp_path, content, line):
    (tmp_path / "a.csv").write_text("user,item\n" + content)
    found = scan_delimited(tmp_path / "a.csv", ",").first_bad_line()
    assert found == (line and line + 1)
