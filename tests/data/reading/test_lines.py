"""Lines of users with their items."""

import pytest

from miqrec.data.reading.lines import open_text_lines
from miqrec.data.reading.text import AS_FOUND, Layout
from miqrec.errors import MiqrecError


def rows(path, layout=AS_FOUND):
    return open_text_lines(path, layout).read(["user", "item"]).rows()


def test_lines_may_have_any_blanks_between_and_around(tmp_path):
    (tmp_path / "a.txt").write_text(" 1  10\t11 \r\n\r\n2 12")
    assert rows(tmp_path / "a.txt") == [(1, "1", "10"), (1, "1", "11"), (3, "2", "12")]


def test_a_user_without_items_gets_an_empty_row(tmp_path):
    (tmp_path / "a.txt").write_text("1 10 11\n2\n")
    assert rows(tmp_path / "a.txt")[-1] == (2, "2", None)


def test_a_third_column_does_not_pass_for_items(tmp_path):
    (tmp_path / "a.txt").write_text("1 10 978300760\n2 10 978300761\n1 11 978300762\n")
    with pytest.raises(MiqrecError, match=r"a\.txt: line 3 is a second line of user 1"):
        rows(tmp_path / "a.txt")


@pytest.mark.parametrize("separator", [" ", ",", "\t", ";"])
def test_a_file_with_a_header_is_a_table(tmp_path, separator):
    lines = [("user_id", "rating", "item_id"), ("1", "5", "10"), ("1", "4", "11")]
    (tmp_path / "a.txt").write_text("\n".join(map(separator.join, lines)))
    table = open_text_lines(tmp_path / "a.txt", AS_FOUND)
    assert table.read(["user_id", "item_id"]).rows() == [(1, "1", "10"), (2, "1", "11")]


def test_a_file_is_a_table_where_columns_go_by_numbers_or_a_separator_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("1 10 978300760\n1 11 978300762\n")
    table = open_text_lines(tmp_path / "a.txt", Layout(headerless=True))
    assert table.read(["3"])["3"].to_list() == ["978300760", "978300762"]
    (tmp_path / "b.txt").write_text("who:what\n1:10\n")
    assert open_text_lines(tmp_path / "b.txt", Layout(separator=":")).columns == ["who", "what"]
