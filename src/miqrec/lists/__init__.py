"""Lists for many users: made a part at a time, written to files, and read again."""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.lists.asked import Asked, ListOptions, Whom, ask
    from miqrec.lists.making import make_lists
    from miqrec.lists.writing import Written, write_lists

__all__ = ["Asked", "ListOptions", "Whom", "Written", "ask", "make_lists", "write_lists"]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.lists.asked": ["Asked", "ListOptions", "Whom", "ask"],
        "miqrec.lists.making": ["make_lists"],
        "miqrec.lists.writing": ["Written", "write_lists"],
    },
)
