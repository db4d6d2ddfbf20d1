"""The best items of one row of scores, without PyTorch; ties as in `miqrec.evaluation.ranking`."""

import numpy as np
import numpy.typing as npt


def best(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """Find the k best items, the best first, ties by smaller id.

    Args:
        scores: (n_items + 1,), -inf for what the list may not hold.
        k: The length of the list; it is shorter where fewer items have a score.
    """
    k = min(k, int((scores > -np.inf).sum()))
    if k == 0:
        return np.empty(0, np.int64)
    last = np.partition(scores, -k)[-k]
    above, tied = np.flatnonzero(scores > last), np.flatnonzero(scores == last)
    ids = np.concatenate([above, tied[: k - len(above)]])
    return ids[np.lexsort((ids, -scores[ids]))]
