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
    scores = BACKWARD_TOO * counts["positions"] * 2 * job.dim * n_items
    return scores + sum(layer_operations(job, counts).values())


def layer_operations(job: Job, counts: dict[str, int]) -> dict[str, int]:
    """Those of an epoch in all layers, by the shape in `limits.SHAPES` that their products have."""
    D, m = job.dim, job.window
    maps = (
        m + 3 + 2 + (m if m > 1 else 0)
    )  # queries, key, value, out; feed-forward; pooling's query
    pooled = 2 * D * m * m + 2 * D * m if m > 1 else 0  # m x m scores, and the sum
    operations = {
        "projection": counts["positions"] * 2 * D * D * maps,
        "pooling scores": counts["positions"] * pooled,
        "attention scores": counts["pairs"] * m * 2 * 2 * D,  # scores and weighted values
    }
    return {shape: BACKWARD_TOO * job.n_layers * number for shape, number in operations.items()}
