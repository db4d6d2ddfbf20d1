"""Who used what, when and how: an event, as clients send it and as a store returns it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from miqrec.config import Config

LONGEST = 255
"""Characters of an id or a kind: as many as every database can look up by an index."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LIMITS = {"minLength": 1, "maxLength": LONGEST, "pattern": "^[^\\u0000]+$"}


def _text_of(value: Any) -> Any:
    """Write an integer as text; shops have both, and a store has one kind of id."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_integer else value


def _no_number(value: Any) -> Any:
    """Refuse a number, which may be seconds, milliseconds or neither."""
    is_number = isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdecimal()
    )
    if is_number:
        raise ValueError("give the time as ISO 8601, such as 2026-03-01T12:00:00Z, not as a number")
    return value


def _in_utc(time: datetime) -> datetime:
    """Take a time without a zone for UTC, as a log's is."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is outside the years 1 to 9999 in UTC") from error


Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
Id = Annotated[
    Text,
    BeforeValidator(_text_of),
    WithJsonSchema({"anyOf": [{"type": "string", **_LIMITS}, {"type": "integer"}]}),
]
"""An external id; an integer becomes its digits."""
Moment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]


class Event(Config):
    """One interaction of a user with an item."""

    user: Id
    """Who."""
    item: Id
    """With what; it need not be an item that a model knows."""
    time: Moment | None = None
    """When, ISO 8601; UTC where no zone is given, and the moment of arrival where there is no time."""
    kind: Text | None = None
    """What happened, such as view or purchase."""
    id: Id | None = None
    """The client's own id of the event: the same id again is a retry, and not stored twice."""


class StoredEvent(NamedTuple):
    """An event as a store returns it: checked before, and a tenth of the time to make."""

    user: str
    item: str
    time: datetime
    kind: str | None


def to_microseconds(time: datetime) -> int:
    """Return the microseconds since 1970 of a time that has a zone."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(time: int) -> datetime:
    """Return the time, in UTC, that is so many microseconds after 1970."""
    return _EPOCH + time * _MICROSECOND
