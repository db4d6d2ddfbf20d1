"""Delimited files: separators, headers and quotes, and where they break."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.reading.delimited import find_separator, open_delimited, open_movielens
from miqrec.data.reading.text import AS_FOUND, Layout
from miqrec.errors import MiqrecError

BY_NUMBER = Layout(headerless=True)


def rows(path, layout=AS_FOUND, columns=None):
    table = open_delimited(path, layout)
    return table.read(columns or table.columns).drop("__row__").rows()


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def write(content: str, name: str = "a.csv", encoding: str = "utf-8"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return path

    return write


# Separators


@pytest.mark.parametrize(
    ("line", "separator"),
    [("a;b;c", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a,b", ","), ("a,b|c|d", ","), ("a", ",")],
)
def test_another_separator_is_taken_where_the_usual_one_is_not_there(line, separator):
    assert find_separator(line, ",") == separator


def test_a_named_separator_goes_before_the_usual_one(file):
    path = file("user:item,x\n1:2,3\n")
    assert rows(path, Layout(separator=":")) == [("1", "2,3")]


# Headers


def test_four_fields_without_a_header_are_user_item_rating_time(file):
    table = open_delimited(file("A,B,5.0,1369699200\nC,D,1,1369699201\n"), AS_FOUND)
    assert table.columns == ["user", "item", "rating", "time"]
    assert table.read(["user", "time"]).rows() == [(1, "A", "1369699200"), (2, "C", "1369699201")]


IMPLAUSIBLE = {
    "a time where an item belongs": "11,2014-04-07T10:51:09.277Z,5,1369699200\n",
    "a time where a user belongs": "2014-04-07,11,5,1369699200\n",
    "an item where a rating belongs": "11,12,214536502,1369699200\n",
    "a category where a rating belongs": "11,12,5,1369699200\n11,12,S,1369699200\n",
    "a number where a time belongs": "11,12,5,0\n",
    "too few": "A,7\nB,8\n",
    "too many": "1,2,3,pv,1511544070\n",
}


@pytest.mark.parametrize("content", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_other_files_without_a_header_are_an_error_that_shows_the_first_row(file, content):
    first = content.partition("\n")[0]
    message = (
        rf"line 1 \('{first}'\) is no header, .* by their numbers, as in user=\"1\", item=\"3\""
    )
    with pytest.raises(MiqrecError, match=message):
        open_delimited(file(content), AS_FOUND)


def test_columns_can_go_by_their_numbers(file):
    table = open_delimited(file("11,2014-04-07,214536502,0\n"), BY_NUMBER)
    assert table.columns == ["1", "2", "3", "4"]
    assert table.read(["1", "3"]).rows() == [(1, "11", "214536502")]


def test_numbers_are_refused_where_there_is_a_header(file):
    with pytest.raises(MiqrecError, match=r"a\.csv has a header; name the columns by it: user, x"):
        open_delimited(file("user,x\n1,2\n"), BY_NUMBER)


def test_of_two_columns_of_a_name_the_first_is_taken(file):
    assert rows(file("user,user,item\n1,2,3\n"), columns=["user", "item"]) == [("1", "3")]


def test_a_header_field_that_is_too_long_for_a_name_is_an_error(file):
    with pytest.raises(MiqrecError, match=r"line 1 cannot be split into fields .*131072"):
        open_delimited(file("x" * 200_000 + ",b\n"), AS_FOUND)


@pytest.mark.parametrize("content", ["user,item", "user,item\n"])
def test_a_header_alone_is_a_table_without_rows(file, content):
    assert rows(file(content)) == []


# Quotes and fields


def test_a_quote_inside_a_field_is_a_character(file):
    content = 'user,title,item\nu1,7" tablet,a\nu2,The "Good" Chair,b\nu3,9" tablet,c\n'
    assert rows(file(content), columns=["title"]) == [
        ('7" tablet',), ('The "Good" Chair',), ('9" tablet',)
    ]  # fmt: skip


FIELD = st.text(st.sampled_from('ab, "\n'), max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD, FIELD.map("z".__add__)), min_size=1, max_size=4))
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("a", "b", "c"), *fields])
    path.write_text(text.getvalue(), newline="")
    assert rows(path) == fields


UNQUOTED = st.text(st.sampled_from('ab"'), min_size=1, max_size=4).map("x".__add__)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(UNQUOTED, UNQUOTED), min_size=1, max_size=4))
def test_stray_quotes_are_read_as_python_and_pandas_do(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text("\n".join(["a,b", *(",".join(pair) for pair in fields)]), newline="")
    assert rows(path) == [tuple(row) for row in list(csv.reader(path.open(newline="")))[1:]]


def test_quotes_mean_nothing_where_they_are_not_used(tmp_path):
    (tmp_path / "ratings.dat").write_text('1::"2::5::9\n1::3::5::9\n')
    table = open_movielens(tmp_path / "ratings.dat", AS_FOUND)
    assert table.read(["item"])["item"].to_list() == ['"2', "3"]


def test_what_is_not_utf_8_may_stand_in_a_column_that_nobody_wants(file):
    path = file("user,title,item\n1,café,2\n", encoding="latin-1")
    assert rows(path, columns=["user", "item"]) == [("1", "2")]


# Lines


def test_rows_know_their_lines_whatever_stands_above(file):
    table = open_delimited(file('user,item\n1,"two\nlines"\n\n3,4\n'), AS_FOUND)
    assert table.read(["user"]).rows() == [(1, "1"), (2, "3")]
    assert [table.line(1), table.line(2), table.line(3)] == [2, 5, None]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("1,2\n1,2,3\n", 3),
        ('1,"2\n2"\n1\n', 4),
        ('1,2\n1,2\n"1,2\n1,2\n', 4),
        ("1,2\n", None),
    ],
    ids=["too many fields", "too few", "a quote that stays open", "nothing"],
)
def test_the_bad_line_is_found(file, content, line):
    table = open_delimited(file("user,item\n" + content), AS_FOUND)
    assert table.first_bad_line() == line


def test_a_last_field_that_swallows_the_rest_is_an_error_with_its_line(file):
    path = file('user,item\n1,2\n1,"2\n3,4\n5,6\n')
    with pytest.raises(MiqrecError, match=r"a\.csv: line 3 has a quote that is never closed"):
        rows(path, columns=["user"])


def test_a_last_field_of_several_lines_is_none(file):
    assert rows(file('user,item\n1,"2\n3"\n')) == [("1", "2\n3")]
