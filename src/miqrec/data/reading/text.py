"""Text files, gzipped or not, and what a reader of each format offers."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import polars as pl

from miqrec.errors import MiqrecError

ROW = "__row__"
"""The column that says which row of the source it was, counted from 1."""

HEAD = 100
"""As many rows are looked at to see what a column holds."""

MOST_BYTES, MOST_TIMES = 2**30, 200
"""What a gzipped file may unpack to: so much, or so many times its own size; logs have some 5 to 50 times."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DAMAGED = (OSError, EOFError, zlib.error)
"""What reading a broken gzip file raises."""


class Layout(NamedTuple):
    """What the caller says of a text file.

    Attributes:
        separator: What stands between two fields; None: find it.
        headerless: The columns are called by their numbers, so the first line is data.
    """

    separator: str | None = None
    headerless: bool = False


AS_FOUND = Layout()
"""Nothing is said of the file: it is as it is found."""


class TextFile(Protocol):
    """A text file as a table, of which only the columns that are wanted are read."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read ROW and these columns, as strings or as lists of strings."""

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Read the same a batch of rows at a time, as far as the format can be read so."""

    def head(self) -> pl.DataFrame:
        """Read the first rows of all columns."""

    def line(self, row: int) -> int | None:
        """Return the line on which a row begins, from 1; None if it can't be told."""

    def first_bad_line(self) -> int | None:
        """Return the line that makes `read` fail; None if it can't be told."""


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, gzipped or not, whatever its name says, behind its byte order mark.

    Raises:
        MiqrecError: If it is UTF-16.
    """
    file = _unpacked(path)
    start = file.peek(len(_BYTE_ORDER_MARK))
    if start.startswith(_UTF_16):
        file.close()
        raise MiqrecError(f"{path} is in UTF-16; save it in UTF-8")
    if start.startswith(_BYTE_ORDER_MARK):
        file.read(len(_BYTE_ORDER_MARK))
    return file


def is_marked(path: Path) -> bool:
    """Return whether a file, unpacked if it is gzipped, begins with a byte order mark."""
    with _unpacked(path) as file:
        return file.read(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK


def open_text(path: Path) -> IO[str]:
    """Open a text file, gzipped or not; what is not UTF-8 is replaced, line ends are kept."""
    return TextIOWrapper(open_bytes(path), encoding="utf-8", errors="replace", newline="")


def _unpacked(path: Path) -> BufferedReader:
    if is_gzipped(path):
        return BufferedReader(_Bounded(path), buffer_size=1 << 16)
    return path.open("rb")


class _Bounded(RawIOBase):
    """A gzipped file that stops where its content is no log but a bomb: nearly nothing, over and over."""

    def __init__(self, path: Path) -> None:
        self._file, self._path = gzip.GzipFile(path), path
        self._most = max(MOST_BYTES, MOST_TIMES * path.stat().st_size)
        self._read = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes.

        Raises:
            MiqrecError: If the file unpacks to more than it may.
        """
        n_bytes = self._file.readinto(buffer)
        self._read += n_bytes
        if self._read > self._most:
            raise MiqrecError(
                f"{self._path} unpacks to more than {self._most / 2**30:.1f} GiB, {MOST_TIMES} times its "
                "size, as no log does; if it is one, unpack it first"
            )
        return n_bytes

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def is_gzipped(path: Path) -> bool:
    """Return whether a file's first bytes are those of gzip."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """Read a whole file, gzipped or not, without its byte order mark.

    Raises:
        MiqrecError: If it is damaged.
    """
    try:
        with open_bytes(path) as file:
            return file.read()
    except DAMAGED as error:
        raise MiqrecError(f"{path} cannot be read ({error}); fetch it again") from error


def first_line_not_utf_8(path: Path) -> int | None:
    """Find the first line that is not UTF-8; None if all are."""
    with open_bytes(path) as file:
        for n, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return n
    return None


def first_line(path: Path) -> str:
    """Read the first line without its end.

    Raises:
        MiqrecError: If the file is empty, or gzipped and damaged.
    """
    try:
        with open_text(path) as file:
            line = file.readline()
    except DAMAGED as error:
        raise MiqrecError(f"{path} cannot be read ({error}); fetch it again") from error
    if not line:
        raise MiqrecError(f"{path} is empty; give a file that has data")
    return line.rstrip("\r\n")
