"""MovieLens' descriptions of its movies: u.item and movies.dat."""

from pathlib import Path

import polars as pl

from miqrec.data.reading.attributes import parse_attributes
from miqrec.data.reading.tables import Table
from miqrec.data.reading.text import ROW, read_bytes
from miqrec.errors import MiqrecError

# The order of the 19 flags of u.item, from its u.genre.
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)

_FIELDS = pl.col("fields").list


def open_u_item(path: Path) -> Table:
    """Open `id|title|release date|video release date|url|19 genre flags`."""
    flags = [
        pl.when(_FIELDS.get(5 + k) == "1").then(pl.lit(genre)) for k, genre in enumerate(GENRES)
    ]
    return _open(path, "|", 5 + len(GENRES), pl.concat_list(flags))


def open_movies(path: Path) -> Table:
    """Open `id::title::genre|genre|...`; it has not met the real file."""
    return _open(path, "::", 3, parse_attributes(_FIELDS.get(2), pl.String()))


def _open(path: Path, separator: str, n_fields: int, attributes: pl.Expr) -> Table:
    lines = pl.DataFrame({"line": _read(path).splitlines()}).with_row_index(ROW, 1)
    lines = lines.filter(pl.col("line").str.strip_chars() != "")
    split = lines.select(ROW, fields=pl.col("line").str.split(separator))
    bad = split.filter(_FIELDS.len() != n_fields)
    if bad.height:
        raise MiqrecError(
            f"{path}: line {bad[ROW][0]} cannot be parsed: it has {len(bad['fields'][0])} fields "
            f"between {separator!r} where {n_fields} belong"
        )
    id_text = _FIELDS.get(0).replace("", None)
    frame = split.select(ROW, item=id_text, title=_FIELDS.get(1), attributes=attributes)
    return Table(frame.lazy(), {"item": "item"}, str(path), is_text=True, place="line {}".format)


def _read(path: Path) -> str:
    """Read a file's text; the older MovieLens files are latin-1, the newer ones UTF-8."""
    content = read_bytes(path)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
