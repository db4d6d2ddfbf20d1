"""How many floating-point operations an epoch needs at least, for shares of the machine's rate.

Only products of matrices are counted, a multiplication and an addition as two operations: over valid
positions and, in attention, over the pairs (t, s) with s <= t that a causal layer needs. The backward pass
has two products for each one forward. Padding, softmax, dropout, norms and the optimiser are not counted,
so a share of the machine's rate says how much of it serves the result, not how busy the machine is.
"""

from benchmarks.peers.jobs import Job

BACKWARD_TOO = 3
"""One product forward, and one for the gradient of each factor."""


def epoch_operations(job: Job, counts: dict[str, int], n_items: int) -> int:
    """Return the operations of one epoch of training.

    Args:
        job: Sizes and model.
        counts: `positions` and `pairs` of the data, as `benchmarks.peers.export` counts them.
        n_items: Candidates of the softmax.
    """
    scores = BACKWARD_TOO * counts["positions"] * 2 * job.dim * n_items
    return scores + sum(layer_operations(job, counts).values())


def layer_operations(job: Job, counts: dict[str, int]) -> dict[str, int]:
    """Return an epoch's operations in all layers, by the shapes in `limits.SHAPES` of their products."""
    D, m = job.dim, job.window
    attention_maps = m + 3  # queries, key, value, output
    pooling_maps = m if m > 1 else 0  # the pooling's query
    maps = attention_maps + pooling_maps + 2 * job.feed_forward
    pooled = 2 * D * m * m + 2 * D * m if m > 1 else 0  # m x m scores, and the sum
    operations = {
        "projection": counts["positions"] * 2 * D * D * maps,
        "pooling scores": counts["positions"] * pooled,
        "attention scores": counts["pairs"] * m * 2 * 2 * D,  # scores and weighted values
    }
    return {shape: BACKWARD_TOO * job.n_layers * number for shape, number in operations.items()}
