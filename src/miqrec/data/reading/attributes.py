"""Lists of attributes as data sets spell them."""

import ast
import json
from collections.abc import Iterator
from typing import Any

import polars as pl

_NOTHING = ("", "(no genres listed)")


def parse_attributes(values: pl.Expr, dtype: pl.DataType, *, one: bool = False) -> pl.Expr:
    """Parse a column to lists of strings, empty where there are no attributes.

    Args:
        values: Lists, nested or not, or text as for `split_attributes`, or one value a row.
        dtype: Their type.
        one: The column holds one attribute a row, such as a brand, so commas don't divide it.
    """
    if isinstance(dtype, pl.List):
        while isinstance(dtype.inner, pl.List):
            values, dtype = values.list.eval(pl.element().explode()), pl.List(dtype.inner.inner)
        return values.cast(pl.List(pl.String)).fill_null([])
    if dtype != pl.String:
        return pl.concat_list(values.cast(pl.String)).list.drop_nulls()

    def split_all(texts: pl.Series) -> pl.Series:
        distinct = texts.drop_nulls().unique().to_list()
        lists = [split_attributes(text, one=one) for text in distinct]
        table = pl.DataFrame(
            {"text": distinct, "list": lists},
            schema={"text": pl.String, "list": pl.List(pl.String)},
        )
        return texts.to_frame("text").join(table, on="text", how="left", maintain_order="left")[
            "list"
        ]

    return values.map_batches(split_all, return_dtype=pl.List(pl.String)).fill_null([])


def split_attributes(text: str, *, one: bool = False) -> list[str]:
    """Split text into attributes.

    Understood are `a|b`, `a, b`, and lists as JSON or Python writes them, nested or not, such as
    `["a", "b"]` and `[{'id': 28, 'name': 'a'}]`, where an object counts as its name.
    """
    text = text.strip()
    if text[:1] in {"[", "{", "("}:
        literal = _parse_literal(text)
        if literal is not None:
            return list(_leaves(literal))
    parts = text.split("|") if "|" in text or one else text.split(",")
    return [part.strip() for part in parts if part.strip() not in _NOTHING]


def _parse_literal(text: str) -> Any:
    """Parse JSON, or else a Python literal; None if the text is neither."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _leaves(value: Any) -> Iterator[str]:
    """Yield what stands in nested lists, depth first."""
    if isinstance(value, dict):
        value = value.get("name", list(value.values()))
    if isinstance(value, list | tuple | set):
        for part in value:
            yield from _leaves(part)
    elif value is not None and str(value).strip() not in _NOTHING:
        yield str(value).strip()
