"""What is asked for: lists of whom, by which model, and how."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import numpy.typing as npt
import torch

from miqrec.data.choices import OnUnknown
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import numbers_in
from miqrec.data.histories import Integers
from miqrec.errors import MiqrecError
from miqrec.evaluation.top_lists import ListRequest
from miqrec.runs.artifact import Artifact
from miqrec.runs.interactions import interactions
from miqrec.runs.requests import Id, check_request, find_users, typed_histories
from miqrec.runs.usage import Usage, choose_for_lists


class Whom(NamedTuple):
    """Whom lists are for: users of the data, or people whose histories are typed in.

    Attributes:
        users: External ids; None for all of the data.
        histories: External item ids, oldest first; instead of users.
        kinds: The kind of event of each item of `histories`.
        data: Where the users' histories are; None for those at hand.
        at_hand: The interactions that the model was fitted on, unless it was loaded.
    """

    users: Iterable[Id] | None = None
    histories: Sequence[Sequence[Id]] | None = None
    kinds: Sequence[Sequence[str]] | None = None
    data: Any = None
    at_hand: Dataset | None = None


class ListOptions(Usage, total=False):
    """How lists are made; `Recommender.recommend` says what each option means."""

    k: int
    on_unknown: OnUnknown
    unknown_users: OnUnknown
    with_uncertainty: bool


class Asked(NamedTuple):
    """Lists that are asked for.

    Attributes:
        dataset: The histories, memory-mapped where they come from the cache.
        numbers: (n_items + 1,) the model's number of each item of `dataset`, 0 for an item that the model
            doesn't know; None where both number their items alike.
        rows: (n,) the users, as numbers in `dataset`.
    """

    artifact: Artifact
    dataset: Dataset
    numbers: npt.NDArray[np.int32] | None
    rows: Integers
    request: ListRequest
    device: torch.device


def ask(
    artifact: Artifact,
    whom: Whom,
    device: torch.device,
    *,
    k: int = 10,
    on_unknown: OnUnknown = "skip",
    unknown_users: OnUnknown = "error",
    with_uncertainty: bool = False,
    **usage: Unpack[Usage],
) -> Asked:
    """Look up whom the lists are for, and see that the model can make them.

    Args:
        artifact: The model.
        whom: Whom the lists are for.
        device: Where to compute.
        k: The length of the lists.
        on_unknown: What is done about items that the model does not know.
        unknown_users: What is done about users without interactions.
        with_uncertainty: Whether probabilities are asked for.
        usage: How the model is used.

    Raises:
        MiqrecError: As `Recommender.recommend`.
    """
    check_request(k, on_unknown, unknown_users)
    dataset, numbers, rows = _look_up(artifact, whom, on_unknown, unknown_users)
    chosen = choose_for_lists(artifact, with_probability=with_uncertainty, **usage)
    request = ListRequest(artifact.model, artifact.popularity, k, chosen, with_uncertainty)
    return Asked(artifact, dataset, numbers, rows, request, device)


def _look_up(
    artifact: Artifact, whom: Whom, on_unknown: OnUnknown, unknown_users: OnUnknown
) -> tuple[Dataset, npt.NDArray[np.int32] | None, Integers]:
    """Find the histories, the model's numbers of their items, and the users: the fields of `Asked`."""
    if whom.histories is not None and (whom.users is not None or whom.data is not None):
        raise MiqrecError("give users of the data or histories, not both")
    if whom.histories is None and whom.kinds is not None:
        raise MiqrecError("kinds belong to histories; those of the data are a column of theirs")
    if whom.histories is not None:
        dataset = typed_histories(artifact, whom.histories, on_unknown, whom.kinds)
        return dataset, None, find_users(dataset, None, unknown_users)
    dataset = interactions(artifact, whom.data, whom.at_hand, served=True)
    numbers = numbers_in(artifact.catalogue, dataset, on_unknown)
    by_gap = artifact.config.data.columns.session_gap is not None
    return dataset, numbers, find_users(dataset, whom.users, unknown_users, by_gap=by_gap)
