"""What is printed for people: titles and ids are other people's text, and no commands to a terminal."""

import re
import sys
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.text import Text

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a cursor, changes colours or turns the direction of writing; tabs and new lines may stay."""


class PlainConsole(Console):
    """A console without markup and emoji codes, on which control characters can be seen."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string, printed or in a table, into text."""
        return super().render_str(visible(text), **options)


def visible(text: str) -> str:
    r"""Write control characters as JSON does, such as \u001b, so that they can be seen and do nothing."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def print_whatever_comes() -> None:
    """Have characters that standard output can't encode printed as their codes, as on standard error."""
    if isinstance(sys.stdout, TextIOWrapper):  # a file, a pipe or a terminal
        sys.stdout.reconfigure(errors="backslashreplace")
