"""Which column is which: named by the caller, or found by its usual names."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from miqrec.config import Config
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

# Compared without case, underscores, hyphens and spaces; the first that is there is taken.
USER = (
    *("user", "userid", "uid", "reviewerid", "customerid", "customer", "memberid", "accountid"),
    *("visitorid",),
)
ITEM = (
    *("item", "itemid", "iid", "parentasin", "asin", "productid", "product", "movieid", "movie"),
    *("artistid", "artist", "songid", "trackid", "sid", "bookid", "isbn", "articleid", "newsid"),
    *("businessid", "gameid", "videoid"),
)
TIME = (
    *("time", "timestamp", "ts", "datetime", "unixreviewtime", "unixtime", "createdat"),
    *("eventtime", "eventtimestamp", "timestampms", "clicktime", "interactiontime"),
    *("listenedat", "playedat", "ratedat", "viewedat", "purchasedat", "updatedat"),
    *("date", "eventdate", "tdat"),  # days tell less than moments
)
KIND = (
    *("kind", "event", "eventtype", "eventname", "behavior", "behaviour", "behaviortype"),
    *("behaviourtype", "action", "actiontype", "interactiontype"),
)
SESSION = ("session", "sessionid", "usersession", "usersessionid", "visitid")

GAP = r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[smhd])?"
"""How a gap in time is written: 30m, 2h, 1d, or a number in the unit of times that are no dates."""

Missing = Literal["error", "drop", "keep"]
"""What to do with rows that lack a user, an item or a time."""


def check_separator(separator: str | None) -> str | None:
    r"""Return the one character that is meant; a tab can be spelt tab or \t.

    Raises:
        ValueError: If it is none.
    """
    if separator in {"tab", r"\t"}:
        return "\t"
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise ValueError(f"{separator!r} is not one character; give one, or tab")
    return separator


def check_gap(gap: str | float | None) -> str | None:
    """Return a gap as text.

    Raises:
        ValueError: If it is none.
    """
    if gap is not None and not re.fullmatch(GAP, str(gap)):
        raise ValueError(f"{gap!r} is no gap in time; write it as 30m, 2h or 1d")
    return None if gap is None else str(gap)


class Columns(Config):
    """Which column of a source is which, how they are written, and what a history is.

    A column that is None is to be found.

    The columns of a delimited file without a header go by their numbers: "1" is the first.
    """

    user: str | None = None
    """The column of the users, if it has no usual name such as user_id; where there is none, the session."""
    item: str | None = None
    """The column of the items, if it has no usual name such as item_id, movieId, asin or product_id."""
    time: str | None = None
    """The column of the times, if it has no usual name; without one the order of rows counts."""
    kind: str | None = None
    """The column of the kinds of event, such as view and purchase; there may be none."""
    session: str | None = None
    """The column of the sessions; there may be none."""
    by_session: bool = False
    """Make each session of that column a history of its own, whose id stands where a user's would."""
    session_gap: Annotated[str | None, BeforeValidator(check_gap)] = None
    """Make each session a history of its own, and let one end where a user does nothing for longer than this,
    such as 30m, 2h or 1d; ann's third is called ann/3."""
    attributes: str | None = None
    """The columns of the items' attributes, divided by commas, if they have no usual names such as genres."""
    separator: Annotated[str | None, BeforeValidator(check_separator)] = None
    """What stands between the fields of a text file, one character or tab, if it isn't found."""
    missing: Missing = "error"
    """What to do with rows without a user, an item or a time: refuse them, drop them, or keep them with the
    word that stands there, such as NA, as the id."""

    @model_validator(mode="after")
    def _sessions_are_told_apart_in_one_way(self) -> Self:
        if self.by_session and self.session_gap is not None:
            raise ValueError(
                "sessions are told apart by their column or by a gap; give one of the two"
            )
        return self

    @property
    def roles(self) -> dict[str, str]:
        """The columns of interactions that are named, by their roles."""
        names = {role: getattr(self, role) for role in ("user", "item", "time", "kind", "session")}
        return {role: name for role, name in names.items() if name is not None}

    @property
    def are_numbers(self) -> bool:
        """Whether columns go by their numbers."""
        return any(name.isdecimal() for name in self.roles.values())

    @property
    def attribute_names(self) -> list[str]:
        """The columns of attributes that are named."""
        return [name.strip() for name in self.attributes.split(",")] if self.attributes else []

    def choose(self, source: str, available: Sequence[str]) -> dict[str, str]:
        """Return the column of `source` for user and item and, where there are any, the others.

        Raises:
            MiqrecError: If a column is not among those available, or is named for two roles.
        """
        _check_distinct(source, self.roles)
        chosen = {
            "user": required_column(source, available, "user", self.user, (*USER, *SESSION)),
            "item": required_column(source, available, "item", self.item, ITEM),
        }
        if chosen["user"] == chosen["item"]:
            raise MiqrecError(
                f"{source}: column {chosen['user']!r} cannot be both user and item; name another"
            )
        for role, usual in (("time", TIME), ("kind", KIND), ("session", SESSION)):
            if name := getattr(self, role):
                chosen[role] = required_column(source, available, role, name, usual)
            elif name := usual_column(_left(available, chosen), usual):
                chosen[role] = name
        return chosen


def _check_distinct(source: str, named: dict[str, str]) -> None:
    """Check that no column is named for two roles."""
    roles: dict[str, str] = {}
    for role, column in named.items():
        if column in roles:
            raise MiqrecError(
                f"{source}: column {column!r} cannot be both {roles[column]} and {role}"
            )
        roles[column] = role


def _left(available: Sequence[str], chosen: dict[str, str]) -> list[str]:
    return [name for name in available if name not in chosen.values()]


def required_column(
    source: str, available: Sequence[str], role: str, name: str | None, usual: Sequence[str]
) -> str:
    """Return `name` if it is available, or without a name the column of a usual name.

    Raises:
        MiqrecError: If it is not there.
    """
    there = ", ".join(available)
    if name is not None and name not in available:
        raise MiqrecError(f"{source} has no column {name!r} for the {role}; it has {there}")
    column = name or usual_column(available, usual)
    if column is None:
        raise MiqrecError(
            f"{source} has no column that is known as the {role}; it has {there}: name the one that "
            f"is the {role}, as in {setting(role, 'NAME')}; by its number, {setting(role, '1')}, where there "
            "is no header"
        )
    return column


def usual_column(available: Sequence[str], usual: Sequence[str]) -> str | None:
    """Return the first column, in the order of `usual`, that goes by a usual name."""
    plain = {plain_name(name): name for name in reversed(available)}
    return next((plain[name] for name in usual if name in plain), None)


def is_usual_name(field: str) -> bool:
    """Return whether a field of a first line is a usual name of a column, so the line a header."""
    return plain_name(field) in {*USER, *ITEM, *TIME, *KIND, *SESSION}


def plain_name(column: str) -> str:
    """Return a column's name without what people vary: case, underscores, hyphens, spaces."""
    return column.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
