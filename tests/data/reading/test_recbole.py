"""RecBole's atomic files: types in the header, and histories that stand in two columns."""

import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import read_interactions
from miqrec.data.reading.recbole import open_recbole
from miqrec.data.reading.text import AS_FOUND
from miqrec.errors import MiqrecError


def test_sequences_of_tokens_become_lists(tmp_path):
    (tmp_path / "a.item").write_text("item_id:token\tclass:token_seq\n1\tDrama War\n2\t\n")
    table = open_recbole(tmp_path / "a.item", AS_FOUND)
    assert table.columns == ["class", "item_id"]
    assert table.read(["item_id", "class"]).rows() == [(1, "1", ["Drama", "War"]), (2, "2", [])]


def test_a_list_and_its_target_are_one_history(tmp_path):
    lines = [
        "session_id:token\titem_id_list:token_seq\titem_id:token",
        "1\t11 12\t13",
        "2\t12 14\t11",
    ]
    (tmp_path / "a.inter").write_text("\n".join(lines))
    assert read_interactions(tmp_path / "a.inter").rows() == [
        (1, 11), (1, 12), (1, 13), (2, 12), (2, 14), (2, 11)
    ]  # fmt: skip


def test_a_list_of_times_goes_with_the_items(tmp_path):
    header = "user_id:token\titem_id_list:token_seq\titem_id:token\ttimestamp_list:float_seq\ttimestamp:float"
    (tmp_path / "a.inter").write_text(f"{header}\n1\t11 12\t13\t5 6\t7\n")
    frame = read_interactions(tmp_path / "a.inter")
    assert frame.rows() == [(1, 11, 5), (1, 12, 6), (1, 13, 7)]


def test_a_list_without_a_target_is_a_history(tmp_path):
    (tmp_path / "a.inter").write_text("user_id:token\titem_id_list:token_seq\n1\t11 12\n")
    assert read_interactions(tmp_path / "a.inter").rows() == [(1, 11), (1, 12)]


def test_of_prefixes_of_one_user_the_longest_is_the_history(tmp_path):
    lines = ["1\t11\t12", "2\t21\t22", "1\t11 12 13\t14", "1\t11 12\t13"]
    header = "user_id:token\titem_id_list:token_seq\titem_id:token"
    (tmp_path / "a.inter").write_text("\n".join([header, *lines]), encoding="utf-8")
    rows = read_interactions(tmp_path / "a.inter").rows()
    assert rows == [(2, 21), (2, 22), (1, 11), (1, 12), (1, 13), (1, 14)]


def test_histories_of_one_user_that_begin_differently_are_refused_as_they_may_overlap(tmp_path):
    lines = ["user_id:token\titem_id_list:token_seq\titem_id:token", "1\t12\t13", "1\t11 12\t13"]
    (tmp_path / "a.inter").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(
        MiqrecError, match="line 2 is a second history of user 1, and histories may"
    ):
        read_interactions(tmp_path / "a.inter")


def test_columns_go_by_their_names_not_by_numbers(tmp_path):
    (tmp_path / "a.inter").write_text("user_id:token\titem_id:token\n1\t11\n")
    with pytest.raises(MiqrecError, match="no column '1' for the user; it has user_id, item_id"):
        read_interactions(tmp_path / "a.inter", Columns(user="1", item="2"))


def test_uneven_lists_are_refused(tmp_path):
    header = "user_id:token\titem_id_list:token_seq\ttimestamp_list:float_seq"
    (tmp_path / "a.inter").write_text(f"{header}\n1\t11 12\t5 6\n2\t11 12\t5\n")
    with pytest.raises(MiqrecError, match="line 3 has not one time for each item"):
        read_interactions(tmp_path / "a.inter")
