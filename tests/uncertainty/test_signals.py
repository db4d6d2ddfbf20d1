"""Signals of small distributions, worked out by hand."""

import math

import pytest
import torch

from miqrec.uncertainty.signals import (
    disagreement,
    dispersion,
    entropy,
    list_probability,
    margin,
)


def logs(*rows):
    return torch.tensor(rows).log()


SURE = [0, 1, 0, 0]
EVEN = [0, 1 / 3, 1 / 3, 1 / 3]
HALF = [0, 0.5, 0.5, 0]


def test_entropy_is_that_of_the_candidates_alone():
    expected = [0, math.log(3), math.log(2)]
    assert entropy(logs(SURE, EVEN, HALF)).tolist() == pytest.approx(expected, abs=1e-6)


def test_the_margin_is_between_the_first_two():
    found = margin(logs([0, 0.5, 0.2, 0.3], EVEN))
    assert found.tolist() == pytest.approx([0.5 - 0.3, 0], abs=1e-6)


def test_a_list_is_as_likely_as_its_items_together():
    found = list_probability(logs([0, 0.5, 0.2, 0.3], EVEN), 2)
    assert found.tolist() == pytest.approx([0.5 + 0.3, 2 / 3])


def test_equal_answers_agree_and_opposite_ones_disagree_by_a_bit():
    one, other = logs([0, 1.0, 0, 0]), logs([0, 0, 1.0, 0])
    half = torch.tensor([0.5, 0.5])
    unsure = logs(EVEN)
    assert disagreement([unsure, unsure], half).tolist() == pytest.approx([0], abs=1e-6)
    assert disagreement([one, other], half).tolist() == pytest.approx([math.log(2)])


def test_weights_may_differ_between_rows():
    """H(.75, .25) - 0, and the second row listens to one answer alone."""
    one, other = logs([0, 1.0, 0, 0], [0, 1.0, 0, 0]), logs([0, 0, 1.0, 0], [0, 0, 1.0, 0])
    shares = torch.tensor([[0.75, 0.25], [1.0, 0.0]])
    mixed = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert disagreement([one, other], shares).tolist() == pytest.approx([mixed, 0])


def test_dispersion_is_0_for_equal_vectors_and_1_for_opposite_ones():
    equal, opposite = [[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [-1.0, -2.0]]
    across = [[1.0, 0.0], [0.0, 1.0]]  # the centre (.5, .5) has a square of .5
    found = dispersion(torch.tensor([equal, opposite, across]))
    assert found.tolist() == pytest.approx([0, 1, 0.5])
