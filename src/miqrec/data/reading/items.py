"""Reads what is known of the items: titles and attributes, such as genres and brands."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from miqrec.data.reading.columns import ITEM, plain_name, required_column, usual_column
from miqrec.data.reading.movielens import open_movies, open_u_item
from miqrec.data.reading.parsing import check_parsed, parse_ids
from miqrec.data.reading.tables import Table, file_format, open_table, reading
from miqrec.data.reading.text import ROW, first_line, read_bytes
from miqrec.errors import MiqrecError

_TITLE = ("title", "name", "movietitle")
_ATTRIBUTES = ("genres", "genre", "category", "categories", "brand", "attributes", "tags", "class")
_NOTHING = ("", "(no genres listed)")


def read_items(source: Any, item: str | None = None) -> pl.DataFrame:
    """Reads titles and attributes of items.

    Takes a .csv, .tsv or .parquet file, RecBole's .item, a .json map from item to a list of
    attributes, MovieLens' u.item and movies.dat, or a data frame. In tables the title is in a
    column title or name; attributes come from every one of the columns genres, genre, category,
    categories, brand, attributes, tags and class, which hold lists or text split at "|". Rows of
    the same item are put together.

    Args:
        source: a path or a data frame.
        item: the column with the item ids; where there is none of that name, and by default, it
            is found by its usual names.

    Returns:
        Columns item (string or integer), title (string or null) and attributes (list of strings
        without repeats, empty where there are none); each item once.

    Raises:
        MiqrecError: the source cannot be read, or has no items or a row without an item id.
    """
    table = _open(source, item)
    ids = parse_ids(table, "item")
    check_parsed(table, {"item": ids})
    attributes = pl.col("attributes").explode().str.strip_chars().drop_nulls()
    with reading(table.name):
        rows = table.frame.select(ids, pl.col("title").cast(pl.String), "attributes").collect()
    return rows.group_by("item", maintain_order=True).agg(
        pl.col("title").drop_nulls().first(),
        attributes.filter(~attributes.is_in(_NOTHING)).unique(maintain_order=True),
    )


def _open(source: Any, item: str | None) -> Table:
    """Returns item, title (string) and attributes (list of strings) of any source, a row each."""
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None and path.is_file():
        if file_format(path) == ".json":
            return _open_map(path)
        if file_format(path) == ".item" and "|" in first_line(path):
            return open_u_item(path)
        if file_format(path) == ".dat" and "::" in first_line(path):
            return open_movies(path)
    return _describe(open_table(source, partial(_choose, item)))


def _open_map(path: Path) -> Table:
    content = read_bytes(path)
    try:
        attributes = json.loads(content)
    except ValueError as error:
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


def _choose(item: str | None, source: str, available: Sequence[str]) -> dict[str, str]:
    named = item if item in available else None
    chosen = {"item": required_column(source, available, "item", named, (*ITEM, "id"))}
    if title := usual_column(available, _TITLE):
        chosen["title"] = title
    attributes = [name for name in available if plain_name(name) in _ATTRIBUTES]
    return chosen | {f"attributes {name}": name for name in attributes}


def _describe(table: Table) -> Table:
    """Puts all attribute columns in one."""
    with reading(table.name):
        schema = table.frame.collect_schema()
    title = pl.col("title") if "title" in schema else pl.lit(None)
    if isinstance(schema.get("title"), pl.List):
        title = title.list.join(" ")
    lists = [_as_list(schema, name) for name in table.columns if name.startswith("attributes ")]
    attributes = pl.concat_list(lists) if lists else pl.lit([], dtype=pl.List(pl.String))
    frame = table.frame.select(ROW, "item", title.alias("title"), attributes.alias("attributes"))
    return replace(table, frame=frame)


def _as_list(schema: pl.Schema, column: str) -> pl.Expr:
    """Returns a column as lists of strings: of lists, of text split at "|", or of one value."""
    values = pl.col(column)
    if schema[column] == pl.String:
        return values.str.split("|").fill_null([])
    if isinstance(schema[column], pl.List):
        return values.cast(pl.List(pl.String)).fill_null([])
    return pl.concat_list(values.cast(pl.String))
