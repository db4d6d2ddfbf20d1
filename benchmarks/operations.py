"""How many floating-point operations an epoch needs at least: what shares of a rate are taken of.

Only products of matrices are counted, a multiplication and an addition as two, over valid positions
and, in attention, over the pairs (t, s) with s <= t that a causal layer needs; the backward pass has
two products for each one forward. Padding, softmax, dropout, norms and the optimiser are not counted,
so a share of the machine's rate computed from it is what reaches the goal, not what keeps it busy.
"""

from benchmarks.jobs import Job

BACKWARD_TOO = 3
"""A product forward, and one for the gradient of each factor."""


def epoch_operations(job: Job, counts: dict[str, int], n_items: int) -> int:
    """Operations of one epoch of training.

    Args:
        job: sizes and model.
        counts: `positions` and `pairs` of the data, as `benchmarks.export` counts them.
        n_items: candidates of the softmax.
    """
    D, m = job.dim, job.window
    projections = 2 * D * D * (m + 3)  # m queries, key, value, out
    feed_forward = 2 * D * D * 2
    position = job.n_layers * (projections + feed_forward + pooling(D, m)) + 2 * D * n_items
    pair = job.n_layers * m * 2 * 2 * D  # scores and weighted values, for each of the m queries
    return BACKWARD_TOO * (counts["positions"] * position + counts["pairs"] * pair)


def pooling(D: int, m: int) -> int:
    """Operations of the query-level attention at a position: one product an answer, m x m scores, a sum."""
    return 0 if m == 1 else 2 * D * D * m + 2 * D * m * m + 2 * D * m
