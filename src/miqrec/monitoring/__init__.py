"""Whether what goes in and what comes out still looks as it did: pure functions on counts and on lists.

None of it needs PyTorch, so that a service without it can be watched too.
"""

from miqrec.monitoring.divergence import chance_level, jensen_shannon
from miqrec.monitoring.exposure import coverage, gini, top_share
from miqrec.monitoring.inputs import length_counts, popularity_tenths, tenth_counts, unknown_share
from miqrec.monitoring.overlap import list_overlap, overlaps
from miqrec.monitoring.report import ListsCompared, compare_lists

__all__ = [
    "ListsCompared",
    "chance_level",
    "compare_lists",
    "coverage",
    "gini",
    "jensen_shannon",
    "length_counts",
    "list_overlap",
    "overlaps",
    "popularity_tenths",
    "tenth_counts",
    "top_share",
    "unknown_share",
]
