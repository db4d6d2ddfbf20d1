"""The tables of a study of stability: without noise, under each noise, and settings compared."""

from collections.abc import Sequence

from miqrec.experiments.formatting import NOTHING, probability, share, signed
from miqrec.experiments.report.tables import Cell, Table
from miqrec.experiments.stability.choice import Choice
from miqrec.experiments.stability.findings import METRICS, Difference, Findings, Row
from miqrec.experiments.stability.interests import interests_table
from miqrec.experiments.stability.words import counted, noise_label, way_label
from miqrec.stability.perturbations import named_perturbation
from miqrec.stability.summary import BASELINE, CLEAN, SEED_FLOOR
from miqrec.statistics import LEVEL

SIMILARITIES, ACCURACIES = METRICS[:2], METRICS[2:]
RANK = "rank"


def stability_tables(findings: Findings) -> list[Table]:
    """Make all tables that there are numbers for."""
    tables = [_clean_table(findings)]
    tables += [_noise_table(findings, noise) for noise in findings.noises]
    if findings.tests:
        tables.append(_tests_table(findings.tests))
    if findings.interests:
        tables.append(interests_table(findings))
    return tables


def choice_table(choice: Choice, noises: Sequence[str]) -> Table:
    """Make mixtures x accuracy and steadiness, the chosen one in bold."""
    best = max(candidate.clean for candidate in choice.candidates)
    rows = [
        (
            Cell(way_label(candidate.inference), best=candidate.inference == choice.chosen),
            Cell(share(candidate.clean), beside=_percent(candidate.clean / best if best else None)),
            Cell(NOTHING if candidate.frbo is None else share(candidate.frbo)),
            Cell(NOTHING if candidate.noisy is None else share(candidate.noisy)),
        )
        for candidate in choice.candidates
    ]
    notes = (
        f"Validation; in brackets as a share of the best. Noise: {', '.join(map(noise_label, noises))}. In "
        f"bold is what was chosen: the highest FRBO@10 among those whose NDCG@10 without noise is within "
        f"{_percent(choice.trade)} of the best, the only ones that were measured under noise.",
    )
    columns = ("answers", "NDCG@10 without noise", "FRBO@10", "NDCG@10 under noise")
    return Table(f"How {choice.system} is used", columns, tuple(rows), notes)


def _clean_table(findings: Findings) -> Table:
    """Make settings x what they are without noise, with the similarity of two seeds."""
    rows = [
        (
            Cell(setting.label),
            Cell(str(len(setting.seeds))),
            *(_cell(findings.row(setting.label, CLEAN, metric)) for metric in ACCURACIES),
            *(_cell(findings.row(setting.label, SEED_FLOOR, metric)) for metric in SIMILARITIES),
            _cell(findings.row(setting.label, BASELINE, SIMILARITIES[0])),
        )
        for setting in findings.settings
    ]
    floor = (f"{metric} of two seeds" for metric in SIMILARITIES)
    columns = ("", "seeds", *ACCURACIES, *floor, f"{SIMILARITIES[0]} with the baseline")
    asked = findings.asked
    notes = (
        f"These are means over {findings.users:,} users of the {asked.part} split, with 95 % intervals over "
        "users and seeds in brackets (over users alone where there is one seed). The last three columns "
        "compare lists without noise: those of two seeds of a system, and those of a system and the baseline "
        "with the same seed.",
    )
    return Table("Stability: without noise", columns, tuple(rows), notes)


def _noise_table(findings: Findings, noise: str) -> Table:
    """Make settings x what noise does to their lists and ranks."""
    rows = [
        (
            Cell(setting.label),
            *(_cell(findings.row(setting.label, noise, metric)) for metric in SIMILARITIES),
            *(
                cell
                for metric in ACCURACIES
                for row in [findings.row(setting.label, noise, metric)]
                for cell in (_cell(row), _share(row))
            ),
        )
        for setting in findings.settings
    ]
    accuracies = (head for metric in ACCURACIES for head in (metric, "of clean"))
    draws = findings.asked.draws if named_perturbation(noise).is_random else 1
    notes = (
        f"Means over {counted(draws, 'draw')}. FRBO and Jaccard are of the lists with and without noise, "
        "which rank the same items; behind a rank, HR and NDCG stands its share of the value without noise."
        f"{_floor(findings)}",
    )
    title = f"Stability: {noise_label(noise)}"
    return Table(title, ("", *SIMILARITIES, *accuracies), tuple(rows), notes)


def _floor(findings: Findings) -> str:
    """Say how alike the lists of two seeds are, for each system that has two, as it is used first."""
    first = {setting.system: setting.label for setting in reversed(findings.settings)}
    labels = [
        setting.label for setting in findings.settings if first[setting.system] == setting.label
    ]
    rows = {label: findings.row(label, SEED_FLOOR, SIMILARITIES[0]) for label in labels}
    alike = [(label, share(row.mean, 3)) for label, row in rows.items() if row]
    if not alike:
        return ""
    (label, value), *others = alike
    more = "".join(f", two of {label} {value}" for label, value in others)
    return f" Two seeds of {label} have an {SIMILARITIES[0]} of {value} without noise{more}."


def _tests_table(tests: Sequence[Difference]) -> Table:
    """Make settings, noises and metrics x what the tests say."""
    rows = [
        (
            Cell(f"{test.setting} against {test.baseline}"),
            Cell("none" if test.noise == CLEAN else noise_label(test.noise)),
            Cell(test.metric),
            Cell(signed(test.difference), beside=f"{signed(test.low)} to {signed(test.high)}"),
            _times(test.ratio, test.ratio_low, test.ratio_high),
            Cell(probability(test.p)),
            Cell(probability(test.corrected), mark=_mark(test)),
            Cell(str(test.seeds) if test.seeds else "none"),
        )
        for test in tests
    ]
    columns = ("", "noise", "metric", "difference", "ratio", "p", "p (Holm)", "seeds in pairs")
    notes = (
        "Differences and ratios of the means over users, seeds and draws, with 95 % intervals of a bootstrap "
        "over users and seeds. It draws the same seed of both together, and the seeds of each apart where "
        "none are in pairs. p is that of a two-sided sign-flip test over users; Holm's correction is for all "
        f"{len(tests)} tests of the table. A * marks what is better than the baseline with a corrected p "
        "below .05, a † what is worse.",
    )
    return Table("Stability: compared", columns, tuple(rows), notes)


def _mark(test: Difference) -> str:
    if test.corrected >= LEVEL:
        return ""
    return "*" if test.difference > 0 else "†"


def _cell(row: Row | None) -> Cell:
    if row is None:
        return Cell(NOTHING)
    if row.metric == RANK:
        return Cell(f"{row.mean:,.0f}", beside=f"{row.low:,.0f} to {row.high:,.0f}")
    return Cell(share(row.mean), beside=f"{share(row.low)} to {share(row.high)}")


def _share(row: Row | None) -> Cell:
    if row is None or row.share is None:
        return Cell(NOTHING)
    return Cell(
        _percent(row.share), beside=f"{_percent(row.share_low)} to {_percent(row.share_high)}"
    )


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _times(ratio: float | None, low: float | None, high: float | None) -> Cell:
    """Write a ratio with its interval, of which a part may be infinite."""
    mean, *bounds = (NOTHING if value is None else f"{value:.2f}" for value in (ratio, low, high))
    return Cell(mean, beside=" to ".join(bounds))
