"""Titles and attributes, from maps, tables and data frames."""

import gzip

import pandas
import polars as pl
import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.items import read_items
from miqrec.errors import MiqrecError, MiqrecWarning

DESCRIBED = ["item", "title", "attributes"]

FILES = {
    "a JSON map": ("a.json", '{"1": [7, 8, 7], "2": []}', [(1, None, ["7", "8"]), (2, None, [])]),
    "JSON lines": (
        "meta.jsonl",
        '{"parent_asin": "B0", "title": "Cream", "categories": ["Skin", "Face"], "details": {}}\n',
        [("B0", "Cream", ["Skin", "Face"])],
    ),
    "CSV": (
        "movies.csv",
        "movieId,title,genres\n1,Heat,Crime|Thriller|Crime\n2,,\n",
        [(1, "Heat", ["Crime", "Thriller"]), (2, None, [])],
    ),
    "several columns": (
        "a.tsv",
        "asin\tname\tbrand\tcategory\tprice\nB0\tCream\tAcme\tSkin | Face\t5\n",
        [("B0", "Cream", ["Acme", "Skin", "Face"])],
    ),
    "RecBole": (
        "ml.item",
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tToy Story\tAnimation Comedy\n",
        [(1, "Toy Story", ["Animation", "Comedy"])],
    ),
    "lists as text": (
        "a.csv",
        'item_id,categories\n1,"Coffee & Tea, Food"\n2,"[\'Action\', \'RPG\']"\n3,"[""Skin""]"\n4,A|B\n',
        [
            (1, None, ["Coffee & Tea", "Food"]),
            (2, None, ["Action", "RPG"]),
            (3, None, ["Skin"]),
            (4, None, ["A", "B"]),
        ],
    ),
    "nested JSON": (
        "meta.jsonl",
        '{"asin": "B0", "categories": [["Beauty", "Skin"], ["Beauty"]]}\n{"asin": "B1", "categories": []}\n',
        [("B0", None, ["Beauty", "Skin"]), ("B1", None, [])],
    ),
    "HetRec": ("artists.dat", "id\tname\turl\n1\tMALICE MIZER\tx\n", [(1, "MALICE MIZER", [])]),
}


@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize(("name", "content", "expected"), FILES.values(), ids=FILES)
def test_files(tmp_path, name, content, expected, gzipped):
    path = tmp_path / (name + ".gz" * gzipped)
    path.write_bytes(gzip.compress(content.encode()) if gzipped else content.encode())
    items = read_items(path)
    assert items.select(DESCRIBED).rows() == expected
    assert items.schema["title"] == pl.String
    assert items.schema["attributes"] == pl.List(pl.String)


def test_a_frame_may_hold_lists_text_and_numbers():
    frame = pl.DataFrame(
        {"item": [1, 2], "genres": [["x", "x"], None], "tags": ["a|b", None], "category": [3, 4]}
    )
    assert read_items(frame).select(DESCRIBED).rows() == [
        (1, None, ["x", "a", "b", "3"]),
        (2, None, ["4"]),
    ]


def test_parquet(tmp_path):
    frame = pl.DataFrame({"item": ["a"], "title": ["A"], "attributes": [["x"]]})
    frame.write_parquet(tmp_path / "items.parquet")
    assert read_items(tmp_path / "items.parquet").rows() == [("a", "A", ["x"])]


def test_rows_of_the_same_item_are_put_together():
    frame = pl.DataFrame(
        {"item": [2, 1, 2], "title": [None, "one", "two"], "genre": ["x", "y", "z"]}
    )
    assert read_items(frame).select(DESCRIBED).rows() == [(2, "two", ["x", "z"]), (1, "one", ["y"])]


SHOP = """sku,title,category,price,in_stock,since,about
7,Heat,film,4.5,true,2024-03-01,{long}
8,Ran,film,,false,2024-02-01,x
"""


def test_other_columns_are_properties_with_types_of_their_own(tmp_path):
    (tmp_path / "items.csv").write_text(SHOP.format(long="long " * 40))

    items = read_items(tmp_path / "items.csv", Columns(item="sku"))

    assert items["properties"].to_list() == [
        {"category": "film", "price": 4.5, "in_stock": True, "since": "2024-03-01"},
        {"category": "film", "price": None, "in_stock": False, "since": "2024-02-01"},
    ]
    assert items["attributes"].to_list() == [["film"], ["film"]]


def test_a_property_with_several_values_keeps_them_all():
    frame = pl.DataFrame({"item": [1, 2, 1], "genres": ["a|b", "c", "d"], "price": [None, 2, 3]})
    assert read_items(frame)["properties"].to_list() == [
        {"genres": ["a", "b", "d"], "price": 3},
        {"genres": ["c"], "price": 2},
    ]


def test_a_column_that_can_not_be_read_costs_the_properties_alone():
    class Odd:
        """What no table holds."""

    frame = pandas.DataFrame({"item": [1], "genres": ["x"], "odd": [Odd()]})
    with pytest.warns(MiqrecWarning, match="lists can't be filtered by other columns"):
        items = read_items(frame)
    assert items.rows() == [(1, None, ["x"])]


def test_the_item_column_of_the_interactions_is_preferred_where_it_is_there():
    frame = pl.DataFrame({"item": ["usual"], "sku": ["named"]})
    assert read_items(frame, Columns(item="sku"))["item"].to_list() == ["named"]
    assert read_items(frame, Columns(item="absent"))["item"].to_list() == ["usual"]


def test_any_columns_can_be_named_as_attributes():
    frame = pl.DataFrame({"item": [1], "genres": ["x"], "director": ["Mann"], "year": [1995]})
    items = read_items(frame, Columns(attributes="director, year"))
    assert items["attributes"].to_list() == [["Mann", "1995"]]


def test_attributes_that_are_not_there_are_an_error(tmp_path):
    with pytest.raises(
        MiqrecError, match="no column 'cast' for the attributes; it has item, genres"
    ):
        read_items(pl.DataFrame({"item": [1], "genres": ["x"]}), Columns(attributes="cast"))
    (tmp_path / "a.json").write_text('{"1": ["x"]}')
    with pytest.raises(MiqrecError, match="has no columns, so none can be named as attributes"):
        read_items(tmp_path / "a.json", Columns(attributes="cast"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", "[1]", "is not a JSON map"),
        ("a.json", '{"1": 5}', "item '1' has 5; give it a list of attributes"),
        ("a.json", "{}", "has no rows"),
        ("a.csv", "item,title\n1,A\n,B\n", "column 'item' is empty in line 3"),
        ("a.csv", "price\nx\n", "no column that is known as the item; it has price"),
        ("a.csv", None, "does not exist"),
    ],
)
def test_errors_name_the_file_and_the_place(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(MiqrecError, match=rf"{name}.*{message}"):
        read_items(tmp_path / name)
