"""What the late mixture is measured beside: ensembles of a system's seeds, and histories thinned out."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import cast

from miqrec.errors import MiqrecError
from miqrec.evaluation.temperature import WITHOUT_PROBABILITIES
from miqrec.experiments.stability.prepared import Subject
from miqrec.models.protocol import Model
from miqrec.runs.artifact import Artifact
from miqrec.stability.competitors import DroppedCopies, Ensemble


def competitors(name: str, subjects: Sequence[Subject]) -> list[Subject]:
    """Make the competitors of some models: by `ensemble-2` ensembles of two, by `copies-0.6` dropped copies.

    Raises:
        MiqrecError: there are none of that name, or as `ensembles` and `dropped_copies`.
    """
    kind, _, number = name.partition("-")
    if kind == "ensemble" and number.isdecimal():
        return ensembles(subjects, int(number))
    if kind == "copies" and _is_number(number):
        return [dropped_copies(subject, float(number)) for subject in subjects]
    raise MiqrecError(
        f"there are no competitors {name!r}; name ensemble-2, or copies-0.6, with any number of seeds or "
        "share of items"
    )


def ensembles(subjects: Sequence[Subject], size: int) -> list[Subject]:
    """Put the models of each system together, `size` seeds at a time; seeds that are left over are not used.

    Args:
        subjects: trained models of one or more systems.
        size: how many models an ensemble has, at least 2.

    Returns:
        a system `<system>-ensemble-<size>` for each system with enough seeds, whose seeds count from 0.

    Raises:
        MiqrecError: the size is below 2, no system has as many seeds, models are of different data, or
            their loss gives no probabilities.
    """
    if size < 2:
        raise MiqrecError(f"an ensemble of {size} is none; ask for 2 seeds or more")
    found = []
    ordered = sorted(subjects, key=lambda subject: (subject.system, subject.seed))
    for system, members in groupby(ordered, key=lambda subject: subject.system):
        artifacts = [member.artifact for member in members]
        for number in range(len(artifacts) // size):
            together = _together(artifacts[number * size : (number + 1) * size])
            found.append(Subject(f"{system}-ensemble-{size}", number, together, size))
    if not found:
        raise MiqrecError(
            f"no system has the {size} seeds of an ensemble; train more, or ask for fewer"
        )
    return found


def dropped_copies(subject: Subject, share: float = 0.6) -> Subject:
    """Let a model read copies without a share of the items: the system `<system>-copies-<share>`.

    Raises:
        MiqrecError: the share is not from 0 to below 1.
    """
    copies = cast(Model, DroppedCopies(subject.artifact.model, share))
    artifact = replace(subject.artifact, model=copies)
    return Subject(f"{subject.system}-copies-{share:g}", subject.seed, artifact)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _together(artifacts: Sequence[Artifact]) -> Artifact:
    first, *others = artifacts
    loss = first.config.training.loss if first.config.training else None
    if loss in WITHOUT_PROBABILITIES:
        raise MiqrecError(
            f"models trained by {loss} have no probabilities, whose mean an ensemble is; train them by ce"
        )
    items = first.catalogue.frame["item"]
    for other in others:
        same = other.config.fingerprint == first.config.fingerprint
        if not (same and other.catalogue.frame["item"].equals(items)):
            raise MiqrecError("the models of an ensemble must have been fitted on the same data")
    ensemble = Ensemble([artifact.model for artifact in artifacts])
    return replace(first, model=cast(Model, ensemble))
