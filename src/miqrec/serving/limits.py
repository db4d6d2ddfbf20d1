"""Limits on what a request may ask for."""

from collections.abc import Sequence
from typing import Any

from miqrec.serving.errors import ServiceError, refused
from miqrec.serving.settings import Settings


def check_histories(
    settings: Settings, histories: Sequence[Sequence[Any]] = (), *, users: Sequence[Any] = ()
) -> None:
    """See that a request doesn't ask for more than the service allows.

    Raises:
        ServiceError: There are more lists, or a history is longer, than the settings say: status 422.
    """
    name = "users" if users else "histories"
    count, most = max(len(histories), len(users)), settings.max_lists
    if count == 0:
        raise refused(f"there is nobody to recommend to: {name} is empty", name)
    if count > most:
        raise refused(f"{count} lists are asked for, and one request may ask for {most}", name)
    for place, history in enumerate(histories):
        if len(history) > settings.max_history:
            raise too_long(settings, history, name, place)


def check_explained(settings: Settings, lists: int) -> None:
    """See that a request doesn't want more lists explained than the service allows.

    Raises:
        ServiceError: It does: status 422.
    """
    if lists > (most := settings.max_explained):
        sentence = f"{lists} lists are to be explained, and one request may have {most} explained"
        raise refused(sentence, "with_explanations")


def too_long(settings: Settings, history: Sequence[Any], *where: str | int) -> ServiceError:
    """Refuse a history of more items than the service allows."""
    most = settings.max_history
    message = f"the history has {len(history)} items, and may have {most}; send the newest"
    return refused(message, *where)


def check_k(settings: Settings, k: int) -> None:
    """See that a list isn't longer than the service allows.

    Raises:
        ServiceError: It is: status 422.
    """
    if k > settings.max_k:
        raise refused(f"k is {k}, and may be {settings.max_k} at most", "k")
