"""Tables written to the file that a name asks for: Parquet, CSV or JSON lines."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from miqrec.errors import MiqrecError
from miqrec.files import replacing

Writer = Callable[[pl.DataFrame, Path], None]

WRITERS: dict[str, Writer] = {
    ".parquet": pl.DataFrame.write_parquet,
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
}


def check_writable(path: Path | None) -> None:
    """Say so before the work is done if the file could not be written after it.

    Raises:
        MiqrecError: an unknown ending, or a folder that does not exist.
    """
    if path is None:
        return
    if path.suffix not in WRITERS:
        raise MiqrecError(f"{path} has no known ending; name a {', '.join(WRITERS)} file")
    if not path.parent.is_dir():
        raise MiqrecError(f"the folder {path.parent} does not exist; make it first")


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write the frame in the format that the file's ending names, whole or not at all."""
    check_writable(path)
    with replacing(path) as partial:
        WRITERS[path.suffix](frame, partial)
