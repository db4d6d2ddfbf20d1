"""What must be alike so that measurements can stand in one folder; it is seen to before any is made."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from miqrec.errors import MiqrecError
from miqrec.experiments.stability.measurements import About, is_measured, places_in, read_about
from miqrec.experiments.stability.words import counted


def check_alike(wanted: Sequence[About], folder: Path) -> None:
    """See that models are asked the same questions, and that a folder holds nothing that was asked others.

    Args:
        wanted: what is to be measured.
        folder: where the measurements are to be kept; it may have some.

    Raises:
        MiqrecError: the models were fitted on different data, or the folder has measurements of other
            questions, with other draws or of another model of a name. The sentence says what differs.
    """
    first, *others = wanted
    for about in others:
        if about.fingerprint != first.fingerprint:
            raise MiqrecError(
                f"{_name(first)} and {_name(about)} can't be measured together: they have different data, "
                "or different items were held out; give each a command and a folder of its own"
            )
    for held in map(read_about, filter(is_measured, places_in(folder))):
        for about in wanted:
            if differences := list(_differences(held, about)):
                raise MiqrecError(
                    f"{folder} holds measurements of {_name(held)} {' and '.join(differences)}; ask for the "
                    "same, or choose a new folder for --out"
                )


def _differences(held: About, about: About) -> Iterator[str]:
    """Say in what measurements that are there differ from those that are wanted."""
    old, new = held.asked, about.asked
    if old.part != new.part:
        yield f"on {old.part} instead of {new.part}"
    if old.users != new.users:
        yield f"for {old.users or 'all'} users instead of {new.users or 'all'}"
    if old.draws != new.draws:
        yield f"with {counted(old.draws, 'draw')} instead of {new.draws}"
    if old.seed != new.seed:
        yield f"with noise of seed {old.seed} instead of {new.seed}"
    if held.fingerprint != about.fingerprint:
        yield "on other data, or with other items held out"
    is_namesake = (held.system, held.seed) == (about.system, about.seed)
    if is_namesake and (held.weights, held.members) != (about.weights, about.members):
        yield "from another model of this name"


def _name(about: About) -> str:
    return f"{about.system} (seed {about.seed})"
