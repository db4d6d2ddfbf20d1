"""Which column is which: named by the caller, or found by its usual names."""

from collections.abc import Sequence

from miqrec.config import Config
from miqrec.errors import MiqrecError

# Compared without case, underscores, hyphens and spaces; the first that is there is taken.
USER = (
    *("user", "userid", "uid", "reviewerid", "customerid", "customer", "memberid", "accountid"),
    *("visitorid", "sessionid", "session"),
)
ITEM = (
    *("item", "itemid", "iid", "parentasin", "asin", "productid", "product", "movieid", "movie"),
    *("artistid", "artist", "songid", "trackid", "sid", "bookid", "isbn", "articleid", "newsid"),
    *("businessid", "gameid", "videoid"),
)
TIME = ("time", "timestamp", "ts", "datetime", "unixreviewtime", "unixtime", "createdat", "date")


class Columns(Config):
    """The names of the columns that count; None means: find it by its usual names.

    Attributes:
        user: such as user, user_id, userId, uid, reviewerID.
        item: such as item, item_id, movieId, asin, parent_asin, product_id.
        time: such as time, timestamp, ts, unixReviewTime; where none is found, file order counts.
    """

    user: str | None = None
    item: str | None = None
    time: str | None = None

    def choose(self, source: str, available: Sequence[str]) -> dict[str, str]:
        """Returns the column of `source` for user, item and, where there is one, time.

        Raises:
            MiqrecError: a column is not among those available, or one serves as user and item.
        """
        chosen = {
            "user": required_column(source, available, "user", self.user, USER),
            "item": required_column(source, available, "item", self.item, ITEM),
        }
        if chosen["user"] == chosen["item"]:
            raise MiqrecError(f"{source}: column {self.user!r} cannot be both user and item")
        if self.time is not None:
            chosen["time"] = required_column(source, available, "time", self.time, TIME)
        elif time := usual_column(available, TIME):
            chosen["time"] = time
        return chosen


def required_column(
    source: str, available: Sequence[str], role: str, name: str | None, usual: Sequence[str]
) -> str:
    """Returns `name` if it is available, or without a name the column of a usual name.

    Raises:
        MiqrecError: it is not there.
    """
    there = ", ".join(available)
    if name is not None and name not in available:
        raise MiqrecError(f"{source} has no column {name!r} for the {role}; it has {there}")
    found = name or usual_column(available, usual)
    if found is None:
        raise MiqrecError(
            f"{source} has no column that is known as the {role}; it has {there}: name the one "
            f"that is the {role}"
        )
    return found


def usual_column(available: Sequence[str], usual: Sequence[str]) -> str | None:
    """Returns the first column, in the order of `usual`, that goes by a usual name."""
    plain = {plain_name(name): name for name in reversed(available)}
    return next((plain[name] for name in usual if name in plain), None)


def plain_name(column: str) -> str:
    """Returns a column's name without what people vary: case, underscores, hyphens, spaces."""
    return column.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
