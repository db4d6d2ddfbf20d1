"""The objectives against loops that read like their equations, in outputs and gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.training.pretraining.objectives import attribute_bce, contrast
from reference import s3rec as reference


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def gradients(loss: torch.Tensor, *inputs: torch.Tensor) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, inputs))


def assert_equal(fast, slow, *inputs):
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(gradients(fast, *inputs), gradients(slow, *inputs))


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 5), dim=st.integers(1, 4), n_attributes=st.integers(1, 5), data=st.data())
def test_attribute_bce_is_the_loop(n, dim, n_attributes, data):
    queries, attributes = normal(n, dim), normal(n_attributes, dim)
    owned = [data.draw(st.sets(st.integers(0, n_attributes - 1))) for _ in range(n)]
    labels = torch.tensor([[a in each for a in range(n_attributes)] for each in owned])
    fast = attribute_bce(queries, attributes, labels)
    assert_equal(fast, reference.attribute_bce(queries, attributes, owned), queries, attributes)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 6), dim=st.integers(1, 4))
def test_contrast_is_the_loop(n, dim):
    inputs = normal(n, dim), normal(n, dim), normal(n, dim)
    assert_equal(contrast(*inputs), reference.contrast(*inputs), *inputs)


def test_attribute_bce_of_scores_that_say_nothing():
    """Every probability is 1/2: log 2 for each of 3 x 4 pairs, whatever the labels."""
    labels = torch.tensor([[True, False, True, False]] * 3)
    loss = attribute_bce(torch.zeros(3, 2), torch.randn(4, 2), labels)
    assert loss.item() == pytest.approx(3 * 4 * math.log(2))


def test_attribute_bce_of_an_item_by_hand():
    """Scores 1 (has it) and -2 (has it not)."""
    loss = attribute_bce(
        torch.tensor([[1.0]]), torch.tensor([[1.0], [-2.0]]), torch.tensor([[True, False]])
    )
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2)))


def test_contrast_of_equals_and_its_floor():
    one, far = torch.tensor([[1.0]]), torch.tensor([[50.0]])
    assert contrast(one, one, one).item() == pytest.approx(math.log(2))
    assert contrast(one, far, -far).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_no_attributes_cost_nothing():
    assert attribute_bce(torch.randn(3, 2), torch.zeros(0, 2), torch.zeros(3, 0).bool()) == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_sums_are_float32_under_autocast(dtype):
    """The sum of ten thousand terms of log 2 would stop growing in bfloat16."""
    queries = torch.zeros(100, 4)
    with torch.autocast("cpu", dtype=dtype):
        loss = attribute_bce(queries, torch.randn(100, 4), torch.zeros(100, 100).bool())
        other = contrast(queries.to(dtype), queries.to(dtype), queries.to(dtype))
    assert loss.item() == pytest.approx(10_000 * math.log(2))
    assert other.item() == pytest.approx(100 * math.log(2))
