"""Checksums of a folder's files, kept in the JSON file that describes it, by which damage is found."""

import hashlib
import json
from pathlib import Path
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.system.files import write_json

KEY = "checksums"


def write_described(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file with the SHA-256 of each file in its folder, its own content included.

    Args:
        path: The file; it is the last to be written of its folder.
        content: What it holds besides; values that JSON has.
    """
    files = [file for file in sorted(path.parent.iterdir()) if file.is_file()]
    sums = {file.name: hash_file(file) for file in files}
    sums[path.name] = _hash_content(content)
    text = json.dumps(content | {KEY: sums}, indent=2, ensure_ascii=False)
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
    for name, expected in content.pop(KEY, {}).items():
        file = path.with_name(Path(name).name)  # a name that was tampered with leads nowhere else
        try:
            found = _hash_content(content) if file == path else hash_file(file)
        except OSError as error:
            raise MiqrecError(f"{file} can't be read: {error.strerror}; {remedy}") from error
        if found != expected:
            raise MiqrecError(f"{file} is damaged or was altered; {remedy}")


def hash_file(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_content(content: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of what JSON says, however it is laid out."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
