"""The sides of a comparison: miqrec, its peers, and the machine itself. Standard library only."""

from typing import NamedTuple


class Side(NamedTuple):
    """How a side is run.

    Attributes:
        worker: The module in `benchmarks/peers/workers/` that measures it.
        environment: The file in `benchmarks/peers/requirements/`, without ".txt", that names the packages
            of the side's own virtual environment; miqrec's has none.
    """

    worker: str
    environment: str | None = None


SIDES = {
    "ours": Side("ours"),
    "rectools": Side("rectools_model", "rectools"),
    "rectools-flat": Side("rectools_flat", "rectools"),
    "recbole": Side("recbole_trainer", "recbole"),
    "limits": Side("machine_limits"),
}
