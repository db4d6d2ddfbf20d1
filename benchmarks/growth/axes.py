"""What grows: interactions, items, length and window, each with its sizes and the slope to expect."""

from typing import NamedTuple


class Axis(NamedTuple):
    """Something that grows.

    Attributes:
        title: What is done at each size, as a heading.
        sizes: The sizes that are measured.
        quick: Tiny sizes instead, which show in seconds that everything works.
        expected: The slope that the time should have, and why.
    """

    title: str
    sizes: list[int]
    quick: list[int]
    expected: str


AXES = {
    "interactions": Axis(
        "interactions prepared from Parquet",
        [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000],
        [10_000, 30_000],
        "1, since interactions are sorted and numbered once",
    ),
    "items": Axis(
        "items, a step of SASRec with the full softmax",
        [10_000, 30_000, 100_000, 300_000, 1_000_000],
        [1000, 3000],
        "1, since each position is compared with every item",
    ),
    "length": Axis(
        "length, a step of SASRec",
        [50, 100, 200, 500, 1000, 2000],
        [20, 50],
        "from 1, where projections and softmax dominate, towards 2, where attention does",
    ),
    "window": Axis(
        "window, a step of MIQ-SASRec",
        [1, 2, 5, 10, 15, 20],
        [1, 2],
        "below 1 and towards 1, since keys, values, feed-forward and softmax do not grow with it",
    ),
}
