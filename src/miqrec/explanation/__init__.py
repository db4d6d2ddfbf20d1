"""Explanation: which items of a history count for a recommended one, and where a model looked.

A name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.explanation.leaving_out import leave_one_out, without_each
    from miqrec.explanation.window import Window, window_of

__all__ = ["Window", "leave_one_out", "window_of", "without_each"]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.explanation.leaving_out": ["leave_one_out", "without_each"],
        "miqrec.explanation.window": ["Window", "window_of"],
    },
)
