"""Checksums of a folder's files, kept in the JSON file that describes it, by which damage is found."""

import hashlib
import json
from pathlib import Path
from typing import Any

from miqrec.config import C, parse_config, read_config
from miqrec.errors import MiqrecError
from miqrec.system.files import write_json

KEY = "checksums"


def write_described(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file with the SHA-256 of each file in its folder, its own content included.

    Args:
        path: The file; it is the last to be written of its folder.
        content: What it holds besides; values that JSON has.
    """
    described = with_checksums(content, path.name, *sorted(path.parent.iterdir()))
    text = json.dumps(described, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_described_again(path: Path, content: dict[str, Any]) -> None:
    """Write such a JSON file anew, whole or not at all; other files keep their checksums.

    Args:
        path: The file, which is there.
        content: What it is to hold besides its checksums.
    """
    sums = json.loads(path.read_bytes()).get(KEY)
    kept = {} if sums is None else {KEY: sums | {path.name: _hash_content(content)}}
    write_json(path, content | kept)


def with_checksums(content: dict[str, Any], name: str, *files: Path) -> dict[str, Any]:
    """Return what a JSON file is to hold: its content, and the SHA-256 of that and of files beside it.

    Args:
        content: Values that JSON has.
        name: What the JSON file will be called.
        files: Those beside it; what is no file, or isn't there, is left out.
    """
    sums = {file.name: hash_file(file) for file in files if file.is_file()}
    return content | {KEY: sums | {name: _hash_content(content)}}


def read_checked(path: Path, kind: type[C], whose: str, remedy: str) -> C:
    """Read a JSON file that miqrec wrote, once it and the files that it describes are what was written.

    A file of before there were checksums is read as it is.

    Args:
        path: The file.
        kind: What it holds besides its checksums.
        whose: For the sentence of an error, as in "a run's".
        remedy: What to do about a damaged file, which ends the sentence of the error.

    Raises:
        MiqrecError: If the file, or one that it describes, is missing, can't be read or was altered.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return read_config(path, kind, whose)  # whose sentence says what is wrong
    if not isinstance(content, dict) or not isinstance(content.get(KEY), dict):
        return read_config(path, kind, whose)
    _compare(path, content, remedy)
    plain = {key: value for key, value in content.items() if key != KEY}
    return parse_config(json.dumps(plain).encode(), kind, path, whose)


def verify(path: Path, remedy: str, since: int) -> None:
    """Compare the files of a folder with the checksums that `write_described` kept in one of them.

    Args:
        path: The JSON file, an object with a `format`, which can be read.
        remedy: What to do about a damaged file, which ends the sentence of the error.
        since: The first format with checksums; of older ones nothing is compared.

    Raises:
        MiqrecError: If a file is missing, can't be read, or isn't what was written.
    """
    content = json.loads(path.read_bytes())
    if KEY not in content and content["format"] >= since:
        raise MiqrecError(f"{path} is damaged: it has no {KEY}; {remedy}")
    if KEY in content:
        _compare(path, content, remedy)


def _compare(path: Path, content: dict[str, Any], remedy: str) -> None:
    """Compare a JSON file that has checksums with its own, and if it is whole, the others with theirs."""
    sums = dict(content[KEY])
    own = _hash_content({key: value for key, value in content.items() if key != KEY})
    if sums.pop(path.name, None) != own:
        raise MiqrecError(f"{path} is damaged or was altered; {remedy}")
    for name, expected in sums.items():
        file = path.with_name(Path(name).name)  # a name that was tampered with leads nowhere else
        try:
            found = hash_file(file)
        except OSError as error:
            sentence = f"{file} can't be read: {error.strerror}; {remedy} ({path} names it)"
            raise MiqrecError(sentence) from error
        if found != expected:  # it may also be its checksum that was altered
            sentence = f"{file} is damaged or was altered; {remedy} (its checksum is in {path})"
            raise MiqrecError(sentence)


def hash_file(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_content(content: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of what JSON says, however it is laid out."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
