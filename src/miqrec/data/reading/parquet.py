"""Parquet files, and folders of them such as a log's with one folder for each day, as one table."""

from pathlib import Path

import polars as pl

from miqrec.data.reading.text import ROW
from miqrec.errors import MiqrecError

Schemas = dict[Path, pl.Schema]
"""The columns of each file, in the order in which the files are read."""

IN_EVERY_FILE = ("user", "item", "time")
"""What a row can't do without; the other columns may come into use in the middle of a log."""


def read_schemas(path: Path) -> Schemas:
    """Read the columns of a file, or of all files of a folder in the order of their names.

    Raises:
        MiqrecError: If the folder has no such file, or one is damaged.
    """
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise MiqrecError(f"{path} is a folder without .parquet files; give one that has some")
    return {file: _read_schema(file) for file in files}


def all_columns(schemas: Schemas) -> list[str]:
    """Return the columns that any of the files has, each once."""
    return list(dict.fromkeys(name for schema in schemas.values() for name in schema))


def scan_files(schemas: Schemas, columns: dict[str, str]) -> pl.LazyFrame:
    """Scan the columns with these names, after ROW; a file that lacks one of them has nulls there.

    Raises:
        MiqrecError: If a file lacks the column of the users, the items or the times, or two files have
            different types in a column.
    """
    types = {
        name: _common_type(schemas, name, in_every_file=role in IN_EVERY_FILE)
        for role, name in columns.items()
    }
    return pl.scan_parquet(
        list(schemas),
        schema=types,
        missing_columns="insert",
        extra_columns="ignore",
        row_index_name=ROW,
        row_index_offset=1,
        glob=False,
    )


def place_in(schemas: Schemas, row: int) -> str:
    """Say where a row stands: "row 3", and of which file where there are several."""
    if len(schemas) == 1:
        return f"row {row}"
    for file in schemas:
        height: int = pl.scan_parquet(file, glob=False).select(pl.len()).collect().item()
        if row <= height:
            return f"row {row} of {file}"
        row -= height
    raise IndexError(row)


def _read_schema(file: Path) -> pl.Schema:
    try:
        return pl.Schema(pl.read_parquet_schema(file))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise MiqrecError(
            f"{file} cannot be read ({reason}); correct the file or fetch it again"
        ) from error


def _common_type(schemas: Schemas, column: str, *, in_every_file: bool) -> pl.DataType:
    first, dtype = next(
        (file, schema[column]) for file, schema in schemas.items() if column in schema
    )
    for file, schema in schemas.items():
        if column not in schema and in_every_file:
            raise MiqrecError(
                f"{file} has no column {column!r}, which {first} has; write it, or give a folder without "
                "that file"
            )
        if schema.get(column, dtype) != dtype:
            raise MiqrecError(
                f"{file}: column {column!r} has type {schema[column]}, but {dtype} in {first}; write all "
                "files with one type"
            )
    return dtype
