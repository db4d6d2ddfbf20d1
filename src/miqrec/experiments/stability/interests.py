"""The table of what users of the demo truly want: settings x how their lists follow it."""

from miqrec.experiments.formatting import NOTHING, share, signed
from miqrec.experiments.report.tables import Cell, Table
from miqrec.experiments.stability.findings import Findings, Interest
from miqrec.stability.measure import LISTED

COLUMNS = (
    *("", "after a meant click", "without it", "the click adds"),
    *("after a noise click", "without it", "the click adds"),
)


def interests_table(findings: Findings) -> Table:
    """Make settings x how their lists follow true interests, after meant and noise clicks."""
    found = {(row.setting, row.after_noise): row for row in findings.interests}
    users = {row.after_noise: row.users for row in findings.interests}
    rows = [
        (
            Cell(setting.label),
            *_cells(found.get((setting.label, False))),
            *_cells(found.get((setting.label, True))),
        )
        for setting in findings.settings
    ]
    notes = (
        f"How much of what a user truly wants next a list of {LISTED} holds, as a share of what the best "
        f"list would. The demo knows this. It also knows that the newest click of {users.get(True, 0):,} "
        f"users is noise, and that of {users.get(False, 0):,} users meant. Means over seeds and users; ± is "
        "half of the 95 % interval over users.",
    )
    return Table("Stability: what users truly want", COLUMNS, tuple(rows), notes)


def _cells(interest: Interest | None) -> tuple[Cell, ...]:
    if interest is None:
        return (Cell(NOTHING),) * 3
    margin = NOTHING if interest.margin is None else share(interest.margin, 3)
    return (
        Cell(share(interest.followed, 3)),
        Cell(share(interest.without, 3)),
        Cell(f"{signed(interest.added, 3)} ± {margin}"),
    )
