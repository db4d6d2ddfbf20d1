"""How settings name kinds of event, such as view, cart and purchase; this needs no NumPy."""

import re
from collections.abc import Iterable, Mapping

from miqrec.errors import MiqrecError

_WEIGHT = re.compile(r"\s*(?P<kind>[^=,\s][^=,]*?)\s*=\s*(?P<weight>[^=,\s]+)(?:[\s,]+|$)")


def check_kinds(chosen: Iterable[str], known: Iterable[str], purpose: str) -> None:
    """See that data have the kinds that a setting names.

    Args:
        chosen: The kinds that are named.
        known: The kinds that there are.
        purpose: What they are named for, as in "targets are chosen".

    Raises:
        MiqrecError: If the data have no kinds at all, or not one of those that are named.
    """
    known = list(known)
    if not known:
        raise MiqrecError(
            f"{purpose} by kind of event, and the data have no kinds; name the column that has them "
            "(kind='NAME' in Python, --kind NAME in a command), or leave the kinds out"
        )
    if unknown := [name for name in chosen if name not in known]:
        raise MiqrecError(
            f"{purpose} by kind of event, and there is no kind {', '.join(map(repr, unknown))}; "
            f"the kinds are {', '.join(known)}"
        )


def read_kinds(value: object) -> tuple[str, ...]:
    """Read names of kinds, a list of them or text such as "cart, purchase".

    Raises:
        ValueError: If there is none.
    """
    words = value.split(",") if isinstance(value, str) else value
    words = words if isinstance(words, Iterable) else ()
    names = tuple(dict.fromkeys(str(word).strip() for word in words))
    if not all(names) or not names:
        raise ValueError(
            f"{value!r} names no kind of event; name one, or several as in 'cart, purchase'"
        )
    return names


def read_kind_weights(text: str) -> dict[str, float]:
    """Read the weights of kinds, such as "view=0.1 cart=0.5 purchase=1".

    Raises:
        ValueError: If the text is none such, a weight is below 0, or none is above it.
    """
    matches = list(_WEIGHT.finditer(text))
    try:
        weights = {match["kind"]: float(match["weight"]) for match in matches}
    except ValueError as error:
        raise _no_weights(text) from error
    if not matches or sum(len(match[0]) for match in matches) != len(text):
        raise _no_weights(text)
    if len(weights) < len(matches):
        raise ValueError(f"{text!r} weighs a kind twice; give each kind one weight")
    if not all(0 <= weight < float("inf") for weight in weights.values()):
        raise ValueError(
            f"{text!r} has a weight that is below 0 or not finite; give numbers from 0 up"
        )
    return weights


def write_kind_weights(weights: Mapping[str, float]) -> str:
    """Write weights as `read_kind_weights` reads them."""
    return " ".join(f"{kind}={weight:g}" for kind, weight in weights.items())


def _no_weights(text: str) -> ValueError:
    return ValueError(
        f"{text!r} gives no weights to kinds; write them as in 'view=0.1 cart=0.5 purchase=1'"
    )
