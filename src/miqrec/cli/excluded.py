"""What lists leave out, as it is typed: all that was seen, nothing, or the items of some kinds of event."""

from miqrec.data.kind_names import read_kinds
from miqrec.errors import MiqrecError


def exclusion(exclude_seen: bool | None, kinds: str | None) -> bool | tuple[str, ...] | None:
    """Combine --exclude-seen and --exclude-kinds; None where neither is typed.

    Raises:
        MiqrecError: both are typed, or no kind is named.
    """
    if kinds is None:
        return exclude_seen
    if exclude_seen is not None:
        raise MiqrecError(
            "--exclude-kinds leaves out items of some kinds of event, --exclude-seen all and "
            "--no-exclude-seen none; give one of them"
        )
    try:
        return read_kinds(kinds)
    except ValueError as error:
        raise MiqrecError(f"--exclude-kinds: {error}") from error
