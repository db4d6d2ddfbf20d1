"""The conclusion of a study in a few plain sentences, which say what the tests say and no more."""

from collections.abc import Sequence

import polars as pl

from miqrec.experiments.formatting import percent, probability, share, signed
from miqrec.experiments.report.comparisons import TESTED, Comparison
from miqrec.experiments.report.heat_map import is_grid
from miqrec.experiments.report.results import Results

SHOWN = 3
"""Differences that a sentence names; it counts the others."""


def conclude(results: Results, comparisons: Sequence[Comparison]) -> str:
    """Say what is better, by how much, and whether it can be told from luck."""
    if comparisons:
        sentences = [
            *_significant(results, comparisons),
            _unclear(results, comparisons),
            _sensitivity(results, comparisons),
        ]
    elif is_grid(results):
        sentences = _best_of_grid(results)
    else:
        sentences = _untested(results)
    return " ".join(sentences)


def _significant(results: Results, comparisons: Sequence[Comparison]) -> list[str]:
    """Say which p values are below the level, and apart from the rest those whose interval holds 0."""
    significant = [comparison for comparison in comparisons if comparison.verdict != "unclear"]
    if not significant:
        smallest = min(comparison.corrected for comparison in comparisons)
        return [
            f"None of the {len(comparisons)} tested differences can be told from luck: after Holm's "
            f"correction the smallest p is {probability(smallest)}."
        ]
    sentences = []
    if certain := [comparison for comparison in significant if not comparison.depends_on_seeds]:
        named = _named(results, certain)
        sentences.append(f"Beyond luck, {named}{_single_seeds(results, certain)}.")
    if depending := [comparison for comparison in significant if comparison.depends_on_seeds]:
        sentences.append(
            f"With these seeds {_named(results, depending)}; luck among the users does not explain "
            "that, but other seeds may end otherwise, since the interval over users and seeds holds 0"
            f"{_single_seeds(results, depending)}."
        )
    return sentences


def _named(results: Results, comparisons: Sequence[Comparison]) -> str:
    """Name the clearest of the comparisons."""
    labels = results.study.labels
    ordered = sorted(comparisons, key=lambda comparison: -abs(comparison.effect))
    parts = [
        f"{labels[comparison.system]} is {comparison.verdict} than {labels[comparison.baseline]} in "
        f"{_amount(comparison)}"
        for comparison in ordered[:SHOWN]
    ]
    if len(ordered) > SHOWN:
        parts.append(f"and {len(ordered) - SHOWN} more of the table")
    return "; ".join(parts)


def _single_seeds(results: Results, comparisons: Sequence[Comparison]) -> str:
    compared = dict.fromkeys(
        name for comparison in comparisons for name in (comparison.system, comparison.baseline)
    )
    single = [results.study.labels[name] for name in compared if len(results.ranks[name]) == 1]
    if not single:
        return ""
    return f"; how much seeds matter is unknown for {' and '.join(single)}, with a single one"


def _unclear(results: Results, comparisons: Sequence[Comparison]) -> str:
    unclear = [comparison for comparison in comparisons if comparison.verdict == "unclear"]
    if not unclear:
        return f"All {len(comparisons)} tested differences have a corrected p below .05."
    clearest = max(unclear, key=lambda comparison: abs(comparison.effect))
    labels = results.study.labels
    pair = f"{labels[clearest.system]} against {labels[clearest.baseline]}"
    if len(unclear) == len(comparisons):
        return f"The clearest of them is {pair} in {_amount(clearest)}."
    return (
        f"The other {len(unclear)} of {len(comparisons)} tested differences could be luck; the "
        f"clearest of them is {pair} in {_amount(clearest)}."
    )


def _sensitivity(results: Results, comparisons: Sequence[Comparison]) -> str:
    limits = {
        metric: max(
            comparison.detectable for comparison in comparisons if comparison.metric == metric
        )
        for metric in TESTED
    }
    named = " or ".join(f"{share(limit)} in {metric}" for metric, limit in limits.items())
    return (
        f"With {results.n_users:,} users and {_seeds(results)} a true difference below {named} "
        "would be missed more often than one time in five."
    )


def _best_of_grid(results: Results) -> list[str]:
    points = results.runs.group_by("window", "dim").agg(pl.col("HR@10").mean())
    best = points.sort("HR@10").row(-1, named=True)
    return [
        f"Of {points.height} points the best HR@10, {share(best['HR@10'])}, has window "
        f"{best['window']} and embedding size {best['dim']}.",
        _best_sizes(points),
        f"Each point has {_seeds(results)} and nothing was tested, so neighbours that are close "
        f"may well change places{_still_learning(results)}.",
    ]


def _best_sizes(points: pl.DataFrame) -> str:
    best = points.sort("HR@10").group_by("window").agg(pl.col("dim").last()).sort("window")
    first, last = best["dim"][0], best["dim"][-1]
    if best["dim"].n_unique() == 1:
        largest = ", the largest that was tried" if first == points["dim"].max() else ""
        return f"The best size is {first} for every window{largest}."
    sizes = ", ".join(f"{dim} for {window}" for window, dim in best.iter_rows())
    grows = best["dim"].is_sorted() and first < last
    return (
        f"The best size by window is {sizes}: it {'grows' if grows else 'does not grow'} steadily "
        "with the window."
    )


def _still_learning(results: Results) -> str:
    """Count the runs that were best in their last epoch, which patience had not ended."""
    lasted = results.history.group_by("system", "seed").agg(pl.col("epoch").max())
    chosen = results.runs.select("system", "seed", pl.col("epochs").alias("epoch"))
    unfinished = lasted.join(chosen, on=["system", "seed", "epoch"]).height
    if not unfinished:
        return ""
    return f", and {unfinished} of {chosen.height} runs were best in their last epoch"


def _untested(results: Results) -> list[str]:
    labels = results.study.labels
    means = results.runs.group_by("system").agg(pl.col("NDCG@10").mean()).sort("NDCG@10")
    system, score = means.row(-1)
    if len(labels) == 1:
        return [f"The test NDCG@10 of {labels[system]} is {share(score)}, with {_seeds(results)}."]
    return [
        f"The best test NDCG@10 of {means.height} systems is {share(score)}, of {labels[system]}, "
        f"with {_seeds(results)}.",
        "Nothing was tested, since the study names no two systems that both have finished runs, so "
        "any difference may be luck.",
    ]


def _amount(comparison: Comparison) -> str:
    return (
        f"{comparison.metric} ({signed(comparison.difference)} or {percent(comparison.relative)}, "
        f"95 % interval {signed(comparison.low)} to {signed(comparison.high)}, corrected p "
        f"{probability(comparison.corrected)})"
    )


def _seeds(results: Results) -> str:
    counts = sorted({len(rows) for rows in results.ranks.values()})
    if counts == [1]:
        return "one seed"
    few, many = counts[0], counts[-1]
    return f"{many} seeds" if few == many else f"{few} to {many} seeds a system"
