"""Parts of the flat array of items as tensors, by array slicing with no loop over users."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from miqrec.data.batches.pieces import Integers


def slices(
    flat: npt.NDArray[np.integer], starts: Integers, lengths: Integers
) -> tuple[Tensor, Tensor]:
    """Lay the parts `flat[start:start + length]` end to end: (N,) int64, and each element's row, (N,)."""
    rows = np.repeat(np.arange(len(starts)), lengths)
    firsts = np.cumsum(lengths) - lengths
    index = np.arange(int(lengths.sum())) + np.repeat(starts - firsts, lengths)
    return torch.from_numpy(flat[index].astype(np.int64)), torch.from_numpy(rows)


def pad(flat: npt.NDArray[Any], starts: Integers, lengths: Integers) -> Tensor:
    """Stack the parts `flat[start:start + length]` as rows, padded on the right: (B, max(lengths, 1)).

    Integers become int64, and floats stay what they are.
    """
    columns = np.arange(max(int(lengths.max(initial=0)), 1))  # (L,)
    valid = columns < lengths[:, None]  # (B, L)
    index = np.where(valid, starts[:, None] + columns, 0)
    items = np.where(valid, flat[index], 0) if len(flat) else np.zeros(valid.shape, flat.dtype)
    return torch.from_numpy(items if items.dtype.kind == "f" else items.astype(np.int64))


def in_blocks(starts: Integers, stops: Integers, size: int) -> tuple[Integers, Integers, Integers]:
    """Cut the parts `flat[start:stop]` into blocks of `size`, the newest first and the oldest the rest.

    Returns:
        Of each block the number of its part, its start and its length.
    """
    counts = -(-(stops - starts) // size)
    parts = np.repeat(np.arange(len(starts)), counts)
    newer = np.arange(len(parts)) - np.repeat(np.cumsum(counts) - counts, counts)
    ends = stops[parts] - newer * size
    begins = np.maximum(starts[parts], ends - size)
    return parts, begins, ends - begins
