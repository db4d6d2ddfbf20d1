"""The base of every configuration: small, frozen, and strict about unknown keys."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from miqrec.errors import MiqrecError

C = TypeVar("C", bound="Config")


class Config(BaseModel):
    """A frozen pydantic model; an unknown key or a value out of range is an error on load.

    The docstring below a field becomes the help of its command-line option.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True
    )


def read_config(path: Path, kind: type[C], whose: str) -> C:
    """Read a JSON file that miqrec wrote.

    Args:
        path: the file.
        kind: what it holds.
        whose: for the sentence of an error, as in "a run's".

    Raises:
        MiqrecError: it can't be read, isn't JSON, or something in it is missing, unknown or wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MiqrecError(f"{path} can't be read: {error.strerror}") from error
    return parse_config(content, kind, path, whose)


def read_versioned(path: Path, kind: type[C], whose: str, newest: int) -> C:
    """Read a JSON file whose `format` says how it is to be understood, which is checked first.

    Args:
        path: the file.
        kind: what it holds; it has `format` and `miqrec`, the version that wrote it.
        whose: for the sentence of an error, as in "a run's".
        newest: the newest format that this version reads.

    Raises:
        MiqrecError: the format is newer, or as `read_config`.
    """
    check_format(path, whose, newest)
    return read_config(path, kind, whose)


def check_format(path: Path, whose: str, newest: int) -> None:
    """See that this version can read a file; arguments and errors are those of `read_versioned`."""
    header = read_config(path, _Header, whose)
    if header.format > newest:
        raise MiqrecError(
            f"{path} was written by miqrec {header.miqrec} in format {header.format}, and this version "
            f"reads up to format {newest}; upgrade miqrec"
        )


class _Header(Config, extra="ignore"):
    format: int
    miqrec: str


def parse_config(content: bytes | dict[str, Any], kind: type[C], path: Path, whose: str) -> C:
    """Make a config of what was read from a file: JSON, or a part of it as a dictionary.

    Raises:
        MiqrecError: it isn't JSON, or something in it is missing, unknown or wrong.
    """
    try:
        if isinstance(content, bytes):
            return kind.model_validate_json(content)
        return kind.model_validate(content)
    except ValidationError as error:
        if reason := _own_error(error):
            raise MiqrecError(f"{path}: {reason}") from error
        raise MiqrecError(
            f"{path} is not {whose}: {explain(error)}; restore it, or begin again in a new folder"
        ) from error


def _own_error(error: ValidationError) -> MiqrecError | None:
    """Find an error of ours among the problems; its sentence says what to do already."""
    causes = [problem.get("ctx", {}).get("error") for problem in error.errors()]
    return next((cause for cause in causes if isinstance(cause, MiqrecError)), None)


def explain(error: ValidationError) -> str:
    """Say what is wrong with the values, in one sentence for a person."""
    problems = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            problems.append(f"there is no setting {key!r}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{key}: {message}" if key else message)
    return "; ".join(problems)
