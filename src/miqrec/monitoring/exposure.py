"""How a catalogue is shown, from how often each of its items stands in a list."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def coverage(listed: Counts) -> float:
    """Compute the share of the items that stand in any list (Ge et al., RecSys 2010).

    Args:
        listed: (n_items,) how often each item is listed.
    """
    return float((listed > 0).mean()) if len(listed) else 0.0


def gini(listed: Counts) -> float:
    """Compute the Gini index: 0 if all items are listed alike, towards 1 if a few have all places.

    With x_1 <= ... <= x_n it is the sum over i of (2i - n - 1) x_i, divided by n times the sum of x
    (Shani & Gunawardana, 2011); 0 where nothing is listed. `miqrec.evaluation.list_metrics.gini` computes
    the same from lists.

    Args:
        listed: (n_items,) how often each item is listed.
    """
    n, total = len(listed), int(listed.sum())
    if not total:
        return 0.0
    places = 2.0 * np.arange(1, n + 1) - n - 1
    return float((places * np.sort(listed)).sum() / (n * total))


def top_share(listed: Counts, n: int = 10) -> float:
    """Compute the share of all places that the n items have that are listed most; 0 where nothing is.

    Args:
        listed: (n_items,) how often each item is listed.
        n: How many items.
    """
    total = int(listed.sum())
    return float(np.sort(listed)[-n:].sum()) / total if total else 0.0
