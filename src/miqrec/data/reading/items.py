"""Titles and attributes of items, such as genres and brands, from any format."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from miqrec.data.reading.attributes import parse_attributes
from miqrec.data.reading.columns import (
    ITEM,
    Columns,
    plain_name,
    required_column,
    usual_column,
)
from miqrec.data.reading.movielens import open_movies, open_u_item
from miqrec.data.reading.parsing import parse, parse_ids
from miqrec.data.reading.tables import Table, file_format, open_table, reading
from miqrec.data.reading.text import ROW, first_line, read_bytes
from miqrec.errors import MiqrecError
from miqrec.system.forks import refuse_stuck_process

_TITLE = ("title", "name", "movietitle")
_ATTRIBUTES = ("genres", "genre", "category", "categories", "brand", "attributes", "tags", "class")
_ONE = ("brand",)  # columns with one attribute a row
_PREFIX = "attributes "  # before the names of columns that hold attributes, which may be several


def read_items(source: Any, columns: Columns | None = None) -> pl.DataFrame:
    """Read titles and attributes of items.

    Takes a .csv, .tsv or .parquet file, RecBole's .item, a .json map from item to a list of
    attributes, MovieLens' u.item and movies.dat, or a data frame. In tables the title is in a
    column title or name; attributes come from every one of the columns genres, genre, category,
    categories, brand, attributes, tags and class, or from those that are named. They hold lists, or
    text as `miqrec.data.reading.attributes.split_attributes` understands it. Rows of the same item
    are put together.

    Args:
        source: A path or a data frame.
        columns: Of which `item` is the column with the item ids, if there is one of that name (else it
            is found by its usual names), and `attributes` are those with attributes.

    Returns:
        Columns item (string or integer), title (string or null) and attributes (list of strings
        without repeats, empty where there are none); each item once.

    Raises:
        MiqrecError: If the source can't be read, lacks a column that is named, or has no items or a row
            without an item id.
    """
    refuse_stuck_process()
    table = _open(source, columns or Columns())
    descriptions = {"title": pl.col("title").cast(pl.String), "attributes": pl.col("attributes")}
    rows = parse(table, {"item": parse_ids(table, "item")}, descriptions)
    attributes = pl.col("attributes").explode().str.strip_chars().drop_nulls()
    return rows.group_by("item", maintain_order=True).agg(
        pl.col("title").drop_nulls().first(),
        attributes.filter(attributes != "").unique(maintain_order=True),
    )


def _open(source: Any, columns: Columns) -> Table:
    """Open any source as item, title (string) and attributes (list of strings), a row each."""
    if table := _open_special(source):
        if columns.attribute_names:
            raise MiqrecError(f"{table.name} has no columns, so none can be named as attributes")
        return table
    return _describe(open_table(source, partial(_choose, columns)))


def _open_special(source: Any) -> Table | None:
    """Open a file whose format says what is in it; None if this is another."""
    path = Path(source) if isinstance(source, str | Path) else None
    if path is None or not path.is_file():
        return None
    if file_format(path) == ".json":
        return _open_map(path)
    if file_format(path) == ".item" and "|" in first_line(path):
        return open_u_item(path)
    if file_format(path) == ".dat" and "::" in first_line(path):
        return open_movies(path)
    return None


def _open_map(path: Path) -> Table:
    """Open a JSON map from item to a list of attributes."""
    content = read_bytes(path)
    try:
        attributes = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MiqrecError(
            f"{path} is not JSON ({error}); if it is JSON lines, name it .jsonl"
        ) from error
    if not isinstance(attributes, dict):
        raise MiqrecError(f"{path} is not a JSON map; give one from item to a list of attributes")
    for item, values in attributes.items():
        if not isinstance(values, list):
            raise MiqrecError(f"{path}: item {item!r} has {values!r}; give it a list of attributes")
    lists = pl.Series("attributes", attributes.values(), dtype=pl.List(pl.String), strict=False)
    frame = pl.DataFrame({"item": list(attributes), "title": None, "attributes": lists})
    return Table(frame.lazy().with_row_index(ROW, 1), {"item": "item"}, str(path), is_text=True)


def _choose(columns: Columns, source: str, available: Sequence[str]) -> dict[str, str]:
    named = columns.item if columns.item in available else None
    chosen = {"item": required_column(source, available, "item", named, (*ITEM, "id"))}
    if title := usual_column(available, _TITLE):
        chosen["title"] = title
    if missing := [name for name in columns.attribute_names if name not in available]:
        raise MiqrecError(
            f"{source} has no column {missing[0]!r} for the attributes; it has {', '.join(available)}"
        )
    usual = [name for name in available if plain_name(name) in _ATTRIBUTES]
    return chosen | {f"{_PREFIX}{name}": name for name in columns.attribute_names or usual}


def _describe(table: Table) -> Table:
    """Put all attribute columns in one."""
    with reading(table.name):
        schema = table.frame.collect_schema()
    title = pl.col("title") if "title" in schema else pl.lit(None, dtype=pl.String)
    if isinstance(schema.get("title"), pl.List):
        title = title.list.join(" ")
    if table.is_text:
        title = title.replace("", None)
    lists = [
        parse_attributes(pl.col(role), schema[role], one=plain_name(column) in _ONE)
        for role, column in table.columns.items()
        if role.startswith(_PREFIX)
    ]
    attributes = pl.concat_list(lists) if lists else pl.lit([], dtype=pl.List(pl.String))
    frame = table.frame.select(ROW, "item", title.alias("title"), attributes.alias("attributes"))
    return replace(table, frame=frame)
