"""The finding in three sentences, from the tests and in plain words."""

from collections.abc import Sequence

import polars as pl

from miqrec.experiments.report.comparisons import TESTED, Comparison
from miqrec.experiments.report.formatting import percent, probability, share, signed
from miqrec.experiments.report.heat_map import is_grid
from miqrec.experiments.report.results import Results

SHOWN = 3  # differences named in one sentence


def finding(results: Results, comparisons: Sequence[Comparison]) -> str:
    """What is better, by how much, and whether it can be told from luck."""
    if comparisons:
        sentences = [
            _beyond_luck(results, comparisons),
            _unclear(results, comparisons),
            _sensitivity(results, comparisons),
        ]
    elif is_grid(results):
        sentences = _grid(results)
    else:
        sentences = _nothing_tested(results)
    return " ".join(sentences)


def _beyond_luck(results: Results, comparisons: Sequence[Comparison]) -> str:
    told = sorted(
        (found for found in comparisons if found.verdict != "unclear"),
        key=lambda found: -abs(found.effect),
    )
    if not told:
        smallest = min(found.corrected for found in comparisons)
        return (
            f"None of the {len(comparisons)} tested differences can be told from luck: after Holm's "
            f"correction the smallest p is {probability(smallest)}."
        )
    parts = [
        f"{results.outline.labels[found.system]} is {found.verdict} than "
        f"{results.outline.labels[found.baseline]} in {_amount(found)}"
        for found in told[:SHOWN]
    ]
    more = f"; and {len(told) - SHOWN} more of the table" if len(told) > SHOWN else ""
    return f"Beyond luck, {'; '.join(parts)}{more}{_seeds_caveat(results, told)}."


def _seeds_caveat(results: Results, told: Sequence[Comparison]) -> str:
    caveats = ""
    if any(found.depends_on_seeds for found in told):
        caveats += ", though with other seeds it may end otherwise, as an interval holds 0"
    compared = dict.fromkeys(name for found in told for name in (found.system, found.baseline))
    if single := [name for name in compared if len(results.ranks[name]) == 1]:
        labels = " or ".join(results.outline.labels[name] for name in single)
        caveats += f"; of seeds nothing can be said where {labels}, with a single one, is compared"
    return caveats


def _unclear(results: Results, comparisons: Sequence[Comparison]) -> str:
    unclear = [found for found in comparisons if found.verdict == "unclear"]
    if not unclear:
        return f"That holds for all {len(comparisons)} differences that were tested."
    largest = max(unclear, key=lambda found: abs(found.effect))
    labels = results.outline.labels
    pair = f"{labels[largest.system]} against {labels[largest.baseline]}"
    if len(unclear) == len(comparisons):
        return f"The clearest of them is {pair} in {_amount(largest)}."
    return (
        f"The other {len(unclear)} of {len(comparisons)} tested differences could be luck; the "
        f"clearest of them is {pair} in {_amount(largest)}."
    )


def _sensitivity(results: Results, comparisons: Sequence[Comparison]) -> str:
    limits = {
        metric: max(found.detectable for found in comparisons if found.metric == metric)
        for metric in TESTED
    }
    wanted = " or ".join(f"{share(limit)} in {metric}" for metric, limit in limits.items())
    return (
        f"With {len(results.users):,} users and {_seeds(results)} a true difference below {wanted} "
        "would be missed more often than one time in five."
    )


def _grid(results: Results) -> list[str]:
    points = results.runs.group_by("window", "dim").agg(pl.col("HR@10").mean())
    top = points.sort("HR@10").row(-1, named=True)
    return [
        f"Of {points.height} points the best HR@10, {share(top['HR@10'])}, has window "
        f"{top['window']} and embedding size {top['dim']}.",
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
    """How many runs had their best epoch last, where patience had not ended them."""
    lasted = results.history.group_by("system", "seed").agg(pl.col("epoch").max())
    chosen = results.runs.select("system", "seed", pl.col("epochs").alias("epoch"))
    unfinished = lasted.join(chosen, on=["system", "seed", "epoch"]).height
    if not unfinished:
        return ""
    return f", and {unfinished} of {chosen.height} runs were best in their last epoch"


def _nothing_tested(results: Results) -> list[str]:
    means = results.runs.group_by("system").agg(pl.col("NDCG@10").mean()).sort("NDCG@10")
    system, score = means.row(-1)
    if len(results.outline.labels) == 1:
        label = results.outline.labels[system]
        return [f"The test NDCG@10 of {label} is {share(score)}, with {_seeds(results)}."]
    return [
        f"The best test NDCG@10 of {means.height} systems is {share(score)}, of "
        f"{results.outline.labels[system]}, with {_seeds(results)}.",
        "No comparison could be tested: none is named of which both systems have finished runs.",
        "Which differences are luck is therefore not known.",
    ]


def _amount(found: Comparison) -> str:
    return (
        f"{found.metric} ({signed(found.difference)} or {percent(found.relative)}, 95 % interval "
        f"{signed(found.low)} to {signed(found.high)}, corrected p {probability(found.corrected)})"
    )


def _seeds(results: Results) -> str:
    counts = sorted({len(rows) for rows in results.ranks.values()})
    if counts == [1]:
        return "one seed"
    few, many = counts[0], counts[-1]
    return f"{many} seeds" if few == many else f"{few} to {many} seeds a system"
