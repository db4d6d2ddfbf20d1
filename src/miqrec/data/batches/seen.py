"""What lists leave out: the items of a history, or those of some kinds of its events."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from torch import Tensor, from_numpy

from miqrec.data.batches.pieces import Integers
from miqrec.data.batches.slicing import slices
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError

ExcludeSeen = bool | tuple[str, ...]
"""Whether lists leave out what is in the history, or the kinds of event whose items they leave out."""


def seen_pairs(
    histories: Histories, rows: Integers, exclude_seen: ExcludeSeen
) -> tuple[Tensor, Tensor]:
    """List what whole histories hold, not only the part that a model reads.

    Args:
        histories: Of users.
        rows: (B,) places among the histories.
        exclude_seen: The kinds of event that count; true and false both stand for all of them.

    Returns:
        The place in `rows` of each item, (S,), and the items, (S,) int64.

    Raises:
        MiqrecError: Some kinds count, and the histories don't say of what kind their events are.
    """
    starts, lengths = histories.starts[rows], histories.lengths[rows]
    items, owners = slices(histories.items, starts, lengths)
    if isinstance(exclude_seen, bool):
        return owners, items
    kept = from_numpy(_are_among(histories, starts, lengths, exclude_seen))
    return owners[kept], items[kept]


def _are_among(
    histories: Histories, starts: Integers, lengths: Integers, chosen: tuple[str, ...]
) -> npt.NDArray[np.bool_]:
    if histories.kinds is None:
        raise MiqrecError(
            f"lists are to leave out the items of {' and '.join(chosen)} events, and these histories don't "
            "say of what kind their events are; bring the kinds, or say whether all items or none are left "
            "out (exclude_seen=True or False, --exclude-seen or --no-exclude-seen)"
        )
    codes = slices(histories.kinds.codes, starts, lengths)[0].numpy()
    return replace(histories.kinds, codes=codes).are_among(chosen)
