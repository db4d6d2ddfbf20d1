"""The mixture's likelihood as a loss: pinned to loops in outputs and gradients."""

from math import exp, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from miqrec.training import full_softmax
from miqrec.training.losses import ce, mixture_ce, sampled_ce, sampled_mixture_ce
from reference.mixture_loss import mixture_loss
from tensors import LargestTensor

LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def problem(lengths, n, n_items=9, d=4, dtype=torch.float64, asked=1.0):
    """States, item vectors, weights, targets and lengths of random sequences."""
    generator = torch.Generator().manual_seed(sum(lengths) * n)
    size = sum(lengths)
    states = torch.randn(size, d, generator=generator, dtype=dtype, requires_grad=True)
    vectors = torch.randn(n_items + 1, d, generator=generator, dtype=dtype, requires_grad=True)
    places = torch.cat([torch.arange(length) for length in lengths])
    present = torch.arange(n) <= places.unsqueeze(1)
    weights = torch.rand(size, n, generator=generator, dtype=dtype).add(0.1) * present
    weights = (weights / weights.sum(1, keepdim=True)).requires_grad_()
    targets = torch.randint(1, n_items + 1, (size,), generator=generator)
    targets *= torch.rand(size, generator=generator) < asked
    return states, vectors, weights, targets, tensor(lengths)


def with_gradients(loss, states, vectors, weights, *rest):
    value = loss(states, vectors, weights, *rest)
    gradients = torch.autograd.grad(
        3 * value, (states, vectors, weights)
    )  # 3: what comes in counts
    return value, *gradients[:2], gradients[2] * (weights > 0)


def small_chunks(monkeypatch, rows=1, scores=20):
    monkeypatch.setattr(full_softmax, "ROWS", rows)
    monkeypatch.setattr(full_softmax, "CHUNK", scores)


@settings(deadline=None, max_examples=50)
@given(LENGTHS, st.integers(1, 5), st.sampled_from([1, 4, 100]), st.sampled_from([1.0, 0.4]))
def test_the_loss_is_that_of_plain_loops_in_outputs_and_gradients(lengths, n, rows, asked):
    inputs = problem(lengths, n, asked=asked)
    with pytest.MonkeyPatch.context() as patch:
        small_chunks(patch, rows=rows)
        actual = with_gradients(mixture_ce, *inputs[:4])
    torch.testing.assert_close(actual, with_gradients(mixture_loss, *inputs))


def test_two_answers_by_hand():
    states, vectors = tensor([[1.0], [3.0]]), tensor([[99.0], [0.0], [log(2)]])  # two items
    first = [1 / 3, 2 / 3]  # softmax of 0 and log 2
    second = [1 / 9, 8 / 9]  # softmax of 0 and 3 log 2
    weights = tensor([[1.0, 0.0], [0.6, 0.4]])
    loss = mixture_ce(states, vectors, weights, tensor([2, 1]))
    assert loss.item() == pytest.approx(-log(first[1]) - log(0.6 * second[0] + 0.4 * first[0]))


def test_an_answer_does_not_reach_into_the_next_sequence():
    states, vectors, weights, targets, _ = problem([3, 3], 3)
    together = mixture_ce(states, vectors, weights, targets)
    alone = [
        mixture_ce(states[part], vectors, weights[part], targets[part])
        for part in (slice(0, 3), slice(3, 6))
    ]
    torch.testing.assert_close(together, sum(alone))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_single_answer_is_ce_bit_for_bit(dtype, monkeypatch):
    small_chunks(monkeypatch, rows=7)
    states, vectors, weights, targets, _ = problem([1] * 50, 1, dtype=dtype)
    weights = torch.ones_like(weights).requires_grad_()
    mixed = with_gradients(mixture_ce, states, vectors, weights, targets)
    alone = ce(states, vectors, targets)
    alone = alone, *torch.autograd.grad(3 * alone, (states, vectors))
    assert all(ours.equal(theirs) for ours, theirs in zip(mixed, alone, strict=False))


def test_all_weight_on_the_newest_answer_is_ce():
    states, vectors, weights, targets, _ = problem([4, 2], 3)
    newest = torch.zeros_like(weights)
    newest[:, 0] = 1
    torch.testing.assert_close(
        mixture_ce(states, vectors, newest, targets), ce(states, vectors, targets)
    )


@pytest.mark.parametrize("n", [2, 4])
def test_gradcheck(n, monkeypatch):
    small_chunks(monkeypatch, scores=36)
    states, vectors, weights, targets, _ = problem([4, 1, 3], n)

    present = weights > 0

    def loss(states, vectors, free):
        return mixture_ce(states, vectors, free.masked_fill(~present, 0), targets)

    assert torch.autograd.gradcheck(
        loss, (states, vectors, weights.detach().clone().requires_grad_())
    )


def test_float32_is_as_close_as_float32_allows():
    inputs = problem([40, 70, 3], 5, n_items=300, d=32, dtype=torch.float32)
    exact = [x.double() if x.is_floating_point() else x for x in inputs]
    expected = with_gradients(mixture_loss, *exact)
    for ours, theirs in zip(with_gradients(mixture_ce, *inputs[:4]), expected, strict=True):
        assert ours.dtype == torch.float32
        assert (ours.double() - theirs).norm() / theirs.norm() < 1e-5


def test_autocast_multiplies_in_bfloat16_and_mixes_in_float32():
    states, vectors, weights, targets, _ = problem([30, 50], 3, d=16, dtype=torch.float32)
    exact = with_gradients(mixture_ce, states, vectors, weights, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = with_gradients(mixture_ce, states.bfloat16(), vectors, weights, targets)
    assert [x.dtype for x in rounded] == [
        torch.float32,
        torch.bfloat16,
        torch.float32,
        torch.float32,
    ]
    for ours, expected in zip(rounded, exact, strict=True):
        assert (ours.float() - expected).norm() / expected.norm() < 0.02


def test_an_answer_that_has_no_share_in_the_target_gets_a_gradient_of_zero_not_nan():
    states, vectors = tensor([[1.0], [-400.0]], requires_grad=True), tensor([[0.0], [1.0], [-1.0]])
    weights = tensor([[1.0, 0.0], [0.5, 0.5]], requires_grad=True)
    inputs = states, vectors.requires_grad_(), weights, tensor([0, 1])
    value, *gradients = with_gradients(mixture_ce, *inputs[:4])
    assert value.item() == pytest.approx(-log(0.5 / (1 + exp(-2))))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert gradients[0][1] == 0


def test_without_gradients_the_loss_is_the_same():
    inputs = problem([5, 2], 3)[:4]
    with torch.no_grad():
        assert mixture_ce(*inputs).equal(mixture_ce(*(x.detach() for x in inputs)))


@pytest.mark.parametrize("lengths", [[50] * 4, [200], [1] * 200])
def test_chunks_have_one_size_however_long_sequences_are(lengths, monkeypatch):
    small_chunks(monkeypatch, rows=40)
    products = []
    original = full_softmax._add_product

    def watching(accumulator, left, right):
        products.append(left.shape[1])
        original(accumulator, left, right)

    monkeypatch.setattr(full_softmax, "_add_product", watching)
    with_gradients(mixture_ce, *problem(lengths, 3)[:4])
    assert products == [38, 40, 40, 40, 42]  # two positions wait for the next chunk


def test_memory_does_not_grow_with_positions_times_items(monkeypatch):
    small_chunks(monkeypatch, scores=10_000)
    inputs = problem([10] * 50, 5, n_items=1000)
    with LargestTensor() as largest:
        with_gradients(mixture_ce, *inputs[:4])
    assert largest.elements <= 10_000 + 4 * 1000  # four positions wait for the next chunk


def test_sampled_ce_of_a_single_answer_is_sampled_ce():
    states, vectors, _, targets, _ = problem([4, 2], 1)
    negatives = (targets.unsqueeze(1) + tensor([0, 1, 4])) % 9 + 1
    logs = torch.rand(6, 3).log()
    alone = sampled_ce(states, vectors, targets, negatives, logs)
    ones = torch.ones(6, 1, dtype=torch.float64)
    assert sampled_mixture_ce(states, vectors, ones, targets, negatives, logs).equal(alone)


def test_sampled_ce_of_all_other_items_is_the_whole_mixtures_likelihood():
    states, vectors, weights, targets, _ = problem([4, 2], 3, n_items=6)
    others = torch.stack([tensor([i for i in range(1, 7) if i != t]) for t in targets])
    logs = torch.full(others.shape, log(1 / 5), dtype=torch.float64)
    torch.testing.assert_close(
        with_gradients(
            lambda s, v, w: sampled_mixture_ce(s, v, w, targets, others, logs),
            states,
            vectors,
            weights,
        ),
        with_gradients(mixture_ce, states, vectors, weights, targets),
    )


def test_the_answers_to_a_target_see_its_negatives_and_not_their_own():
    states, vectors = tensor([[1.0], [2.0]]), tensor([[99.0], [0.0], [1.0], [3.0]])
    targets, negatives = tensor([2, 1]), tensor([[1], [2]])  # item 3 is drawn nowhere
    weights = tensor([[1.0, 0.0], [0.5, 0.5]])
    loss = sampled_mixture_ce(states, vectors, weights, targets, negatives, torch.zeros(2, 1))
    first = exp(1) / (exp(1) + exp(0))  # item 2 against item 1
    second = [exp(0) / (exp(0) + exp(2)), exp(0) / (exp(0) + exp(1))]  # item 1 against item 2
    assert loss.item() == pytest.approx(-log(first) - log(0.5 * second[0] + 0.5 * second[1]))


@settings(deadline=None, max_examples=25)
@given(LENGTHS, st.integers(1, 5), st.sampled_from([1, 4, 100]))
def test_a_weighed_mixture_is_the_weighed_sum_of_its_targets_in_outputs_and_gradients(
    lengths, n, rows
):
    states, vectors, weights, targets, sizes = problem(lengths, n, asked=0.6)
    counts_for = torch.linspace(0.5, 2, len(targets), dtype=torch.float64)

    def of_one(place):
        alone = torch.zeros_like(targets)
        alone[place] = targets[place]
        return mixture_loss(states, vectors, weights, alone, sizes)

    def plain(*_):
        return sum(counts_for[place] * of_one(place) for place in range(len(targets)))

    def ours(*inputs):
        return mixture_ce(*inputs, counts_for)

    inputs = states, vectors, weights, targets
    with pytest.MonkeyPatch.context() as patch:
        small_chunks(patch, rows=rows)
        actual = with_gradients(ours, *inputs)
    torch.testing.assert_close(actual, with_gradients(plain, *inputs))
