"""Titles, attributes and properties of items, such as genres, brands and prices, from any format."""

import json
import warnings
from collections.abc import Callable, Sequence
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
from miqrec.data.reading.properties import gather_properties
from miqrec.data.reading.tables import Table, file_format, open_table, reading
from miqrec.data.reading.text import ROW, first_line, read_bytes
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.forks import refuse_stuck_process

_TITLE = ("title", "name", "movietitle")
_ATTRIBUTES = ("genres", "genre", "category", "categories", "brand", "attributes", "tags", "class")
_ONE = ("brand",)  # columns with one attribute a row
_PREFIX = "attributes "  # before the names of columns that hold attributes, which may be several
_OTHER = "property "  # before the names of the other columns

_ChooseFor = Callable[[Columns, str, Sequence[str]], dict[str, str]]


def read_items(source: Any, columns: Columns | None = None) -> pl.DataFrame:
    """Read titles, attributes and properties of items.

    Takes a .csv, .tsv or .parquet file, RecBole's .item, a .json map from item to a list of
    attributes, MovieLens' u.item and movies.dat, or a data frame. In tables the title is in a
    column title or name; attributes come from every one of the columns genres, genre, category,
    categories, brand, attributes, tags and class, or from those that are named. They hold lists, or
    text as `miqrec.data.reading.attributes.split_attributes` understands it. Rows of the same item
    are put together. All columns but the id, the title and attributes are properties, which keep
    their names and types (`miqrec.data.reading.properties`), for lists to be filtered by.

    Args:
        source: A path or a data frame.
        columns: Of which `item` is the column with the item ids, if there is one of that name (else it
            is found by its usual names), and `attributes` are those with attributes.

    Returns:
        Columns item (string or integer), title (string or null), attributes (list of strings
        without repeats, empty where there are none) and, where there are any, properties (a struct);
        each item once.

    Raises:
        MiqrecError: If the source can't be read, lacks a column that is named, or has no items or a row
            without an item id.
    """
    refuse_stuck_process()
    columns = columns or Columns()
    try:
        return _read(source, columns, _with_others)
    except MiqrecError as error:
        items = _read(
            source, columns, _choose
        )  # which fails too, unless another column is to blame
        sentence = f"lists can't be filtered by other columns of the items ({error})"
        warnings.warn(sentence, MiqrecWarning, stacklevel=2)
        return items


def _read(source: Any, columns: Columns, choose: _ChooseFor) -> pl.DataFrame:
    table = _open(source, columns, choose)
    properties = [name for name in table.frame.collect_schema() if name.startswith(_OTHER)]
    descriptions = {"title": pl.col("title").cast(pl.String), "attributes": pl.col("attributes")}
    optional = descriptions | {name: pl.col(name) for name in properties}
    rows = parse(table, {"item": parse_ids(table, "item")}, optional)
    items = rows.group_by("item", maintain_order=True).agg(
        pl.col("title").drop_nulls().first(),
        _distinct("attributes"),
        *(_together(name, rows.schema[name]) for name in properties),
    )
    names = {name: name.removeprefix(_OTHER) for name in properties}
    structs = gather_properties(
        items.select(properties).rename(names), names.values(), is_text=table.is_text
    )
    return pl.concat([items.drop(properties), structs], how="horizontal")


def _distinct(name: str) -> pl.Expr:
    """Put the lists of an item's rows together."""
    values = pl.col(name).explode().str.strip_chars().drop_nulls()
    return values.filter(values != "").unique(maintain_order=True)


def _together(name: str, dtype: pl.DataType) -> pl.Expr:
    """Take all of an item's values where they are lists of text, else the first that there is."""
    return _distinct(name) if dtype == pl.List(pl.String) else pl.col(name).drop_nulls().first()


def _open(source: Any, columns: Columns, choose: _ChooseFor) -> Table:
    """Open any source as item, title (string), attributes (list of strings) and properties, a row each."""
    if table := _open_special(source):
        if columns.attribute_names:
            raise MiqrecError(f"{table.name} has no columns, so none can be named as attributes")
        return table
    return _describe(open_table(source, partial(choose, columns)))


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


def _with_others(columns: Columns, source: str, available: Sequence[str]) -> dict[str, str]:
    """Choose all columns: those that nobody named are properties too."""
    chosen = _choose(columns, source, available)
    names = {chosen["item"], chosen.get("title"), "attributes", ROW}
    return chosen | {f"{_OTHER}{name}": name for name in available if name not in names}


def _describe(table: Table) -> Table:
    """Put all attribute columns in one."""
    with reading(table.name):
        schema = table.frame.collect_schema()
    title = pl.col("title") if "title" in schema else pl.lit(None, dtype=pl.String)
    if isinstance(schema.get("title"), pl.List):
        title = title.list.join(" ")
    if table.is_text:
        title = title.replace("", None)
    described = [name for role, name in table.columns.items() if role.startswith(_PREFIX)]
    lists = [
        parse_attributes(
            pl.col(f"{_PREFIX}{name}"), schema[f"{_PREFIX}{name}"], one=plain_name(name) in _ONE
        )
        for name in described
    ]
    attributes = pl.concat_list(lists) if lists else pl.lit([], dtype=pl.List(pl.String))
    own = dict(zip(described, lists, strict=True))
    properties = [
        own.get(column, pl.col(role)).alias(role)
        for role, column in table.columns.items()
        if role.startswith(_OTHER)
    ]
    frame = table.frame.select(
        ROW, "item", title.alias("title"), attributes.alias("attributes"), *properties
    )
    return replace(table, frame=frame)
