"""Settings as the reader of a sentence types them: `--time when` in a shell, `time="when"` in Python."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IN_COMMANDS = ContextVar("in_commands", default=False)


@contextmanager
def for_commands() -> Iterator[None]:
    """Word sentences for somebody who types commands."""
    before = _IN_COMMANDS.set(True)
    try:
        yield
    finally:
        _IN_COMMANDS.reset(before)


def is_for_commands() -> bool:
    """Whether sentences are worded for somebody who types commands."""
    return _IN_COMMANDS.get()


def setting(name: str, value: bool | float | str) -> str:
    """Write a setting with a value, such as `--min-user 5` or `min_user=5`."""
    if not is_for_commands():
        return (
            f"{name}={json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value}"
        )
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"--{option} {shlex.quote(str(value))}"
