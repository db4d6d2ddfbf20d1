"""The kinds of noise that a history may get, by name; `miqrec.stability.perturb` does what they say."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from miqrec.config import Config
from miqrec.errors import MiqrecError

Kind = Literal[
    "random-added",
    "popular-added",
    "newest-replaced",
    "newest-dropped",
    "newest-swapped",
    "one-dropped",
    "share-replaced",
]


class Perturbation(Config):
    """What is done to a history."""

    kind: Kind
    """What happens, as `LABELS` says in words."""
    share: float | None = Field(None, gt=0, le=1)
    """Of "share-replaced": the probability with which each item is replaced."""

    @model_validator(mode="after")
    def _a_share_belongs_to_one_kind(self) -> Self:
        if (self.kind == "share-replaced") != (self.share is not None):
            raise ValueError('a share belongs to the kind "share-replaced", which needs one')
        return self

    @property
    def name(self) -> str:
        """The kind, and the share behind it where there is one: share-replaced-0.2."""
        if self.share is None:
            return self.kind
        short = f"{self.share:g}"
        return f"{self.kind}-{short if float(short) == self.share else self.share}"

    @property
    def is_random(self) -> bool:
        """Whether another draw gives another history."""
        return self.kind not in ("newest-dropped", "newest-swapped")


LABELS: dict[Kind, str] = {
    "random-added": "a random item added at the end",
    "popular-added": "a popular item added at the end",
    "newest-replaced": "the newest item replaced by a random one",
    "newest-dropped": "the newest item dropped",
    "newest-swapped": "the two newest items swapped",
    "one-dropped": "one item anywhere dropped",
    "share-replaced": "a share of the items replaced",
}

SHARES = (0.05, 0.1, 0.2, 0.4)
SHARED = "share-replaced-"
"""What the names of those begin with that have a share."""

PERTURBATIONS = (
    *(Perturbation(kind=kind) for kind in LABELS if kind != "share-replaced"),
    *(Perturbation(kind="share-replaced", share=share) for share in SHARES),
)
"""All that is measured unless a caller names fewer."""


def named_perturbation(name: str) -> Perturbation:
    """Make the perturbation of a name, such as "random-added" or "share-replaced-0.2".

    Raises:
        MiqrecError: there is none of this name.
    """
    kind, share = name, None
    if name.startswith(SHARED):
        kind, share = SHARED.removesuffix("-"), name.removeprefix(SHARED)
    try:
        return Perturbation.model_validate({"kind": kind, "share": share})
    except ValidationError as error:
        known = ", ".join(perturbation.name for perturbation in PERTURBATIONS)
        raise MiqrecError(
            f"there is no noise {name!r}; name one of {known}, or another share"
        ) from error


def read_perturbations(noises: Iterable[Perturbation | str]) -> list[Perturbation]:
    """Make the perturbations of names; what is one already is taken as it is, and repeats are dropped.

    Raises:
        MiqrecError: there is none at all, or none of a name.
    """
    given = [noises] if isinstance(noises, str) else noises
    found = [named_perturbation(noise) if isinstance(noise, str) else noise for noise in given]
    if not found:
        raise MiqrecError("no noise is asked for; name one, such as random-added, or leave it out")
    return list(dict.fromkeys(found))
