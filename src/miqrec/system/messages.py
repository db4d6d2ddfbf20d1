"""What the library reports and warns of, collected so that it can be told later, and again."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from typing_extensions import override

from miqrec.errors import MiqrecWarning

_log = logging.getLogger("miqrec")


class Message(NamedTuple):
    """One line for the person at work."""

    kind: Literal["report", "warning"]
    text: str


@contextmanager
def collected(messages: list[Message]) -> Iterator[None]:
    """Append reports and warnings to `messages` in their order, and show none; `tell` does that."""
    level, handlers, propagate = _log.level, _log.handlers, _log.propagate
    _log.handlers, _log.propagate = [_Collector(messages)], False
    _log.setLevel(logging.INFO)
    try:
        with _warnings_collected(messages):
            yield
    finally:
        _log.handlers, _log.propagate = handlers, propagate
        _log.setLevel(level)


def tell(messages: Iterable[Message]) -> None:
    """Report and warn, as if what was collected happened now."""
    for kind, text in messages:
        if kind == "report":
            _log.info("%s", text)
        else:
            warnings.warn(text, MiqrecWarning, stacklevel=2)


@contextmanager
def _warnings_collected(messages: list[Message]) -> Iterator[None]:
    show = warnings.showwarning

    def collect(message: Any, category: type[Warning], *place: Any, **details: Any) -> None:
        if issubclass(category, MiqrecWarning):
            messages.append(Message("warning", str(message)))
        else:
            show(message, category, *place, **details)

    with warnings.catch_warnings():
        warnings.simplefilter("always", MiqrecWarning)  # filters decide when they are told
        warnings.showwarning = collect
        yield


class _Collector(logging.Handler):
    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self.messages = messages

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(Message("report", record.getMessage()))
