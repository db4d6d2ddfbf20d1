"""The operations that an epoch needs."""

from benchmarks.machine.limits import SHAPES
from benchmarks.peers.jobs import Job
from benchmarks.peers.operations import epoch_operations, layer_operations

SIZES = {"dim": 4, "n_layers": 2}
COUNTS = {"positions": 10, "pairs": 30}


def test_sasrec_by_hand() -> None:
    product = 2 * 4 * 4  # one position, D x D, a multiplication and an addition
    position = 2 * (4 * product + 2 * product) + 2 * 4 * 100  # q, k, v, out, two of FFN; 100 items
    pair = 2 * (2 * 4 + 2 * 4)  # a score and a weighted value, in each layer
    expected = 3 * (10 * position + 30 * pair)  # forward, and two products for each in backward
    assert epoch_operations(Job("ours", "train", **SIZES), COUNTS, 100) == expected


def test_what_a_second_query_adds() -> None:
    one = epoch_operations(Job("ours", "train", **SIZES), COUNTS, 100)
    two = epoch_operations(Job("ours", "train", **SIZES, window=2), COUNTS, 100)
    query, attention = 2 * 4 * 4, 2 * 4 + 2 * 4
    pooling = 2 * (2 * 4 * 4) + 2 * 4 * (2 * 2) + 2 * 4 * 2  # one product an answer, scores, a sum
    assert two - one == 3 * 2 * (10 * (query + pooling) + 30 * attention)


def test_each_product_has_a_shape_whose_rate_is_measured() -> None:
    shapes = layer_operations(Job("ours", "train", **SIZES, window=2), COUNTS)
    assert shapes.keys() <= SHAPES.keys()
    assert shapes["pooling scores"] == 3 * 2 * 10 * (2 * 4 * (2 * 2) + 2 * 4 * 2)
