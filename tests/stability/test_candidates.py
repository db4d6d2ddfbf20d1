"""The families of mixtures among which one is chosen."""

import math

import pytest

from miqrec.evaluation.inference import InferenceConfig
from miqrec.stability.candidates import candidates, geometric


@pytest.mark.parametrize(
    ("n", "ratio", "weights"),
    [
        (2, 1 / 4, (0.8, 0.2)),
        (2, 2 / 3, (0.6, 0.4)),
        (3, 1 / 2, (0.571, 0.286, 0.143)),  # 4/7, 2/7, 1/7
        (3, 1, (0.334, 0.333, 0.333)),  # the newest takes what rounding leaves
        (5, 1, (0.2,) * 5),
    ],
)
def test_each_weight_is_a_share_of_the_one_before(n, ratio, weights):
    assert geometric(n, ratio) == weights


def test_all_candidates_are_mixtures_that_can_be_used():
    for mix in candidates(longest=50):
        assert math.fsum(InferenceConfig(mix=mix).mix) == pytest.approx(1)
    assert len(candidates(50)) == len(set(candidates(50)))
    assert {(1.0,), (0.8, 0.2), (0.6, 0.4), (0.2,) * 5, (0.1,) * 10} <= set(candidates(50))


def test_an_answer_that_weighs_next_to_nothing_is_not_tried():
    assert geometric(5, 1 / 4)[-1] == 0.003
    assert geometric(5, 1 / 4) not in candidates(50)
    assert min(mix[-1] for mix in candidates(50)) >= 0.005


def test_a_model_that_reads_few_items_has_few_answers():
    assert max(map(len, candidates(longest=4))) == 3
    assert candidates(longest=1) == [(1.0,)]
