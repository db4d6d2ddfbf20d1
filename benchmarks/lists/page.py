"""What was measured as a page: a table a part."""

from typing import Any, NamedTuple

Points = list[dict[str, Any]]


class Part(NamedTuple):
    """A table: its title, what the two words of a point are, and its columns with their names."""

    title: str
    words: tuple[str, ...]
    columns: dict[str, str]


PARTS = {
    "batch": Part(
        "Lists of 20 for all users of a shop of ML-1M's size (3,416 items, D 64, two layers, length 200, "
        "histories of 165 on average), into Parquet files",
        ("users", "model"),
        {
            "users_per_second": "users a second",
            "busy_cores": "cores busy",
            "above_start_mib": "MiB above the start",
        },
    ),
    "steps": Part(
        "Where the time goes: MIQ-SASRec with a window of 10, microseconds a user",
        ("users",),
        {
            **{name: name for name in ("batches", "encoder", "scores", "exclusion", "top k")},
            **{name: name for name in ("frames and names", "Parquet")},
            "products_only": "users a second by the encoder's products alone, at the rate of a product",
        },
    ),
    "top_k": Part(
        "The exact best 20, D 64, float32",
        ("items", "histories at a time"),
        {
            "milliseconds": "ms",
            "milliseconds_a_row": "ms a history",
            "product_milliseconds": "ms of one product of all vectors",
            "read_gb_per_second": "GB a second that a sum reads",
        },
    ),
    "index": Part(
        "The best 20 by the index",
        ("items", "histories at a time"),
        {
            "build_seconds": "seconds to build and try it",
            "probes": "cells looked into",
            "cells": "of",
            "recall": "recall of the exact 20",
            "milliseconds_a_row": "ms a history",
            "exact_milliseconds_a_row": "exact, ms a history",
        },
    ),
    "memory": Part(
        "Memory of lists of 20 by a Markov model of 2,000 items, histories of 20 on average, memory-mapped",
        ("users",),
        {
            "seconds": "seconds",
            "above_start_mib": "MiB above the start",
            "peak_mib": "peak MiB",
        },
    ),
}


def page(points: Points, about: dict[str, Any]) -> str:
    """Write the page: the machine first, then a table a part."""
    loads = [point["load"] for point in points]
    lines = [
        "# Lists for many users",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
        f"{about['date']}, commit {about['commit']}: `{about['command']}`",
        "",
        f"The load was {min(loads, default=0):.1f} to {max(loads, default=0):.1f}, of which a measurement on "
        f"an idle machine makes about {about['cores']}.",
    ]
    for name, part in PARTS.items():
        if some := [point for point in points if point["part"] == name]:
            lines += ["", f"## {part.title}", "", *_table(part, some)]
    return "\n".join(lines) + "\n"


def _table(part: Part, points: Points) -> list[str]:
    heading = [*part.words, *part.columns.values()]
    rows = [
        [*map(_word, point["asked"]), *(_number(point[column]) for column in part.columns)]
        for point in points
    ]
    return [f"| {' | '.join(row)} |" for row in [heading, ["---"] * len(heading), *rows]]


def _word(word: str) -> str:
    return f"{int(word):,}" if word.isdigit() else word


def _number(value: float) -> str:
    """Write three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
