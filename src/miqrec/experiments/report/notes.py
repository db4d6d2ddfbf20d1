"""The notes below the tables of a report that depend on its results."""

from miqrec.experiments.formatting import percentage
from miqrec.experiments.report.comparisons import TESTED
from miqrec.experiments.report.results import Results


def question_notes(results: Results) -> list[str]:
    """Say how many questions were asked, and which of them no list answers."""
    n_users, n_questions = results.n_users, len(results.users)
    asked = f", who were asked {n_questions:,} questions" if n_questions > n_users else ""
    notes = [f"There are {n_users:,} users{asked}."]
    seen, unknown, without_history = results.targets
    if seen is not None:
        part = _part(seen, n_questions, "targets")
        notes.append(f"Histories already hold {part}, {_fate_of_seen(results)}.")
    if unknown:
        notes.append(f"The catalogue lacks {_part(unknown, n_questions, 'targets')}, each a miss.")
    if without_history:
        part = _part(without_history, n_questions, "questions")
        notes.append(f"Popularity answers {part}, as they have no known history.")
    return notes


def score_notes(results: Results) -> list[str]:
    """Say how scores are written and what their marks mean."""
    notes = ["Scores are mean ± standard deviation over seeds, the best in bold."]
    if results.study.paper:
        notes.append("The number in brackets is the paper's, from a single run.")
    if results.study.pairs:
        notes.append(
            "A * marks a system that is better than the baseline of its comparison, a † one that is "
            "worse, with a p over users below .05 after Holm's correction; only "
            f"{' and '.join(TESTED)} were tested."
        )
    return notes


def timed_notes(results: Results) -> list[str]:
    """Say which runs the times are of, where not all ran on the same device."""
    timed, n_runs = results.timed(), results.runs.height
    if timed.height == n_runs:
        return []
    where = f"on {timed['device'][0]} alone" if timed.height else "on one device alone"
    return [f"Times and memory are of the {timed.height} of {n_runs} runs that were made {where}."]


def _fate_of_seen(results: Results) -> str:
    """Say what becomes of targets that the user has had already."""
    excluded = {config.inference.exclude_seen for config in results.configs.values()}
    if len(excluded) > 1:
        return "which the systems treat differently"
    if excluded != {False}:
        return "each a miss, as lists leave such items out"
    return "which are ranked like others"


def _part(number: int, total: int, things: str) -> str:
    return f"{number:,} of the {total:,} {things} ({percentage(number / total)})"
