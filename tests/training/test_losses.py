from math import exp, log

import pytest
import torch
import torch.nn.functional as F
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.training import full_softmax, losses
from miqrec.training.losses import bce, ce, gbce, sampled_ce
from tensors import LargestTensor


def sigmoid(x):
    return 1 / (1 + exp(-x))


def plain_ce(states, item_vectors, targets):
    return F.cross_entropy(states @ item_vectors[1:].T, targets - 1, reduction="sum")


def problem(n, n_items, d=6, dtype=torch.float64, k=None):
    generator = torch.Generator().manual_seed(n * n_items)
    states = torch.randn(n, d, generator=generator, dtype=dtype, requires_grad=True)
    vectors = torch.randn(n_items + 1, d, generator=generator, dtype=dtype, requires_grad=True)
    shape = (n,) if k is None else (n, k + 1)
    items = torch.randint(1, n_items + 1, shape, generator=generator)
    return (states, vectors, items) if k is None else (states, vectors, items[:, 0], items[:, 1:])


def with_gradients(loss, states, vectors, *rest):
    value = loss(states, vectors, *rest)
    return value, *torch.autograd.grad(3 * value, (states, vectors))  # 3: what comes in counts


@pytest.mark.parametrize("chunk", [1, 40, 10**6])
@pytest.mark.parametrize(("n", "n_items"), [(1, 1), (7, 5), (12, 40), (65, 33)])
def test_ce_is_cross_entropy_in_outputs_and_gradients(n, n_items, chunk, monkeypatch):
    monkeypatch.setattr(full_softmax, "ROWS", 1)
    monkeypatch.setattr(full_softmax, "CHUNK", chunk)
    inputs = problem(n, n_items)
    torch.testing.assert_close(with_gradients(ce, *inputs), with_gradients(plain_ce, *inputs))


def test_ce_in_float32_is_as_close_as_float32_allows():
    inputs = problem(300, 1000, d=64, dtype=torch.float32)
    expected = with_gradients(
        plain_ce, *(x.double() if x.is_floating_point() else x for x in inputs)
    )
    actual = with_gradients(ce, *inputs)
    assert all(x.dtype == torch.float32 for x in actual)
    for ours, exact in zip(actual, expected, strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=1e-4, atol=1e-4)


def test_ce_passes_gradcheck(monkeypatch):
    monkeypatch.setattr(full_softmax, "ROWS", 1)
    monkeypatch.setattr(full_softmax, "CHUNK", 15)
    states, vectors, targets = problem(5, 7, d=3)
    assert torch.autograd.gradcheck(lambda s, v: ce(s, v, targets), (states, vectors))


def test_ce_by_hand():
    states, vectors = tensor([[1.0]]), tensor([[99.0], [0.0], [2.0]])  # scores 0 and 2
    loss = ce(states, vectors, tensor([2]))
    assert loss.item() == pytest.approx(log(exp(0) + exp(2)) - 2)


def test_ce_of_huge_scores_is_finite():
    states, vectors = tensor([[1e4]], requires_grad=True), tensor([[0.0], [1.0], [-1.0]])
    loss, gradient = with_gradients(
        lambda s, v: ce(s, v, tensor([2])), states, vectors.requires_grad_()
    )[:2]
    assert loss.item() == pytest.approx(2e4)
    assert gradient.isfinite().all()


def test_ce_under_autocast_multiplies_in_bfloat16_and_sums_in_float32():
    states, vectors, targets = problem(200, 50, d=16, dtype=torch.float32)
    exact = with_gradients(ce, states, vectors, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = with_gradients(ce, states.bfloat16(), vectors, targets)
    assert [x.dtype for x in rounded] == [torch.float32, torch.bfloat16, torch.float32]
    assert not rounded[2].equal(exact[2])
    for ours, expected in zip(rounded, exact, strict=True):
        error = (ours.float() - expected).norm() / expected.norm()
        assert error < 0.02


def test_ce_of_bfloat16_tensors_adds_chunks_in_float32(monkeypatch):
    monkeypatch.setattr(full_softmax, "ROWS", 1)
    monkeypatch.setattr(
        full_softmax, "CHUNK", 1
    )  # a position a chunk: bfloat16 would stall near 256
    states, vectors, _ = problem(1, 4, dtype=torch.bfloat16)
    one = with_gradients(ce, states, vectors, tensor([2]))[2]
    many = with_gradients(ce, states.repeat(1024, 1), vectors, torch.full((1024,), 2))[2]
    torch.testing.assert_close(many, 1024 * one, rtol=0.02, atol=0.02)


def test_ce_without_gradients_gives_the_same_loss():
    inputs = problem(30, 20)
    with torch.no_grad():
        assert ce(*inputs).equal(ce(*(x.detach() for x in inputs)))
        assert not ce(*inputs).requires_grad
    torch.testing.assert_close(ce(*inputs), plain_ce(*inputs))


def test_ce_of_no_targets_is_zero_with_zero_gradients():
    loss, *gradients = with_gradients(ce, *problem(0, 20))
    assert loss == 0
    assert all((g == 0).all() for g in gradients)


@pytest.mark.parametrize("target", [0, 21])
def test_ce_refuses_targets_that_are_no_items(target):
    states, vectors, _ = problem(1, 20)
    with pytest.raises((IndexError, RuntimeError)):
        ce(states, vectors, tensor([target]))


def test_ce_takes_so_many_rows_at_a_time_however_many_items_there_are(monkeypatch):
    monkeypatch.setattr(full_softmax, "CHUNK", 1)
    inputs = problem(3 * full_softmax.ROWS, 1000, d=4)
    with LargestTensor() as largest:
        with_gradients(ce, *inputs)
    assert largest.elements == full_softmax.ROWS * 1000


@pytest.mark.parametrize(
    ("device", "n_items", "rows"),
    [("cpu", 2**10, 2**9), ("cpu", 2**20, 128), ("cuda", 2**10, 2**16), ("cuda", 2**20, 128)],
)
def test_chunks_of_ce_fit_a_cpus_cache_and_fill_a_gpu(device, n_items, rows):
    assert full_softmax.rows_at_a_time(n_items, device) == rows


def test_memory_of_ce_does_not_grow_with_positions_times_items(monkeypatch):
    monkeypatch.setattr(full_softmax, "ROWS", 1)
    monkeypatch.setattr(full_softmax, "CHUNK", 5_000)
    inputs = problem(500, 1000, d=4)
    with LargestTensor() as largest:
        with_gradients(ce, *inputs)
    assert largest.elements <= max(5_000, 500 * 4, 1001 * 4)


@pytest.mark.parametrize("k", [1, 3])
def test_memory_of_sampled_losses_does_not_grow_with_negatives_times_width(k, monkeypatch):
    inputs = problem(400, 30, d=16, k=k)
    whole = with_gradients(bce, *inputs)
    monkeypatch.setattr(losses, "GATHERED", 1_000)
    with LargestTensor() as largest:
        chunked = with_gradients(bce, *inputs)
    assert largest.elements <= 400 * 16
    torch.testing.assert_close(chunked, whole)


def test_bce_sums_the_target_and_every_negative():
    states, vectors = tensor([[1.0]]), tensor([[9.0], [2.0], [-1.0], [0.5]])
    loss = bce(states, vectors, tensor([1]), tensor([[2, 3]]))
    assert loss.item() == pytest.approx(
        -log(sigmoid(2)) - log(1 - sigmoid(-1)) - log(1 - sigmoid(0.5))
    )


def test_gbce_raises_the_target_to_a_power():
    states, vectors = tensor([[1.0]]), torch.linspace(-1, 2, 12).unsqueeze(1)
    alpha, t = 2 / (11 - 1), 0.75
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    target, negatives = vectors[5].item(), [vectors[2].item(), vectors[9].item()]
    loss = gbce(states, vectors, tensor([5]), tensor([[2, 9]]), calibration=t)
    assert loss.item() == pytest.approx(
        -log(sigmoid(target) ** beta) - sum(log(1 - sigmoid(s)) for s in negatives)
    )


def test_gbce_without_calibration_is_bce():
    inputs = problem(20, 30, k=4)
    uncalibrated = with_gradients(lambda *x: gbce(*x, calibration=0.0), *inputs)
    torch.testing.assert_close(uncalibrated, with_gradients(bce, *inputs))


def test_gbce_in_float32_survives_scores_that_saturate_the_sigmoid():
    states = tensor([[1.0], [-1.0]], requires_grad=True)
    vectors = tensor([[0.0], [200.0], [-200.0], [0.0]], requires_grad=True)
    value, *gradients = with_gradients(
        lambda s, v: gbce(s, v, tensor([1, 1]), tensor([[2], [2]]), calibration=1.0),
        states,
        vectors,
    )
    beta = 1 / 2  # one negative of two other items
    assert value.item() == pytest.approx(0 + 0 + beta * 200 + 200)
    assert all(g.isfinite().all() for g in gradients)


def test_gbce_refuses_what_it_cannot_calibrate():
    inputs = problem(2, 3, k=3)
    with pytest.raises(MiqrecError, match="3 negatives, but 2 other items"):
        gbce(*inputs, calibration=0.5)
    with pytest.raises(MiqrecError, match=r"lie in 0\.\.1"):
        gbce(*problem(2, 9, k=3), calibration=1.5)


def test_sampled_ce_of_all_other_items_is_ce():
    states, vectors, targets = problem(8, 6)
    others = torch.stack([tensor([i for i in range(1, 7) if i != t]) for t in targets])
    uniform = torch.full(others.shape, log(1 / 5), dtype=torch.float64)
    torch.testing.assert_close(
        with_gradients(sampled_ce, states, vectors, targets, others, uniform),
        with_gradients(ce, states, vectors, targets),
    )


def test_sampled_ce_estimates_the_softmax_denominator_without_bias():
    states, vectors = tensor([[1.0]]), tensor([[9.0], [0.3], [1.0], [-0.5]])
    chances = {2: 0.9, 3: 0.1}  # the target is item 1
    drawn = {
        item: sampled_ce(states, vectors, tensor([1]), tensor([[item]]), tensor([[log(q)]])).item()
        for item, q in chances.items()
    }
    estimates = {item: exp(loss + 0.3) for item, loss in drawn.items()}
    mean = 0.9 * estimates[2] + 0.1 * estimates[3]
    assert mean == pytest.approx(exp(0.3) + exp(1.0) + exp(-0.5))


def test_sampled_ce_leaves_out_negatives_that_hit_the_target():
    states, vectors = tensor([[1.0]]), tensor([[9.0], [0.3], [1.0]])
    loss = sampled_ce(states, vectors, tensor([1]), tensor([[1, 2]]), tensor([[log(0.5)] * 2]))
    assert loss.item() == pytest.approx(log(exp(0.3) + exp(1.0) / (2 * 0.5)) - 0.3)


@pytest.mark.parametrize(
    "loss",
    [
        ce,
        lambda s, v, t: bce(s, v, t, t.unsqueeze(1) % 20 + 1),
        lambda s, v, t: gbce(s, v, t, t.unsqueeze(1) % 20 + 1, calibration=0.5),
        lambda s, v, t: sampled_ce(s, v, t, t.unsqueeze(1) % 20 + 1, torch.zeros(len(t), 1)),
    ],
    ids=["ce", "bce", "gbce", "sampled-ce"],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_loss_is_a_float32_scalar_that_leaves_padding_alone(loss, dtype):
    states, vectors, targets = problem(9, 20, dtype=dtype)
    value = loss(states, vectors, targets)
    (vectors,) = torch.autograd.grad(value, vectors)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert (vectors[0] == 0).all()
    assert (vectors[1:] != 0).any()


def importance(n):
    return torch.linspace(0.25, 2, n, dtype=torch.float64)


@pytest.mark.parametrize("rows", [1, 4, 100])
def test_a_weighed_ce_is_the_weighed_sum_of_single_ones_in_outputs_and_gradients(rows, monkeypatch):
    monkeypatch.setattr(full_softmax, "ROWS", rows)
    monkeypatch.setattr(full_softmax, "CHUNK", 1)
    states, vectors, targets = problem(12, 9)

    def plain(states, vectors, targets):
        terms = F.cross_entropy(states @ vectors[1:].T, targets - 1, reduction="none")
        return (terms * importance(12)).sum()

    def ours(*inputs):
        return ce(*inputs, importance(12))

    inputs = states, vectors, targets
    torch.testing.assert_close(with_gradients(ours, *inputs), with_gradients(plain, *inputs))


@pytest.mark.parametrize("name", ["bce", "gbce", "sampled_ce"])
def test_a_weighed_sampled_loss_is_the_weighed_sum_of_single_ones(name):
    states, vectors, targets, negatives = problem(6, 9, k=3)
    logs = torch.full((6, 3), -2.0, dtype=torch.float64)
    more = {"gbce": {"calibration": 0.5}}.get(name, {})
    extra = (logs,) if name == "sampled_ce" else ()

    def loss(part, weight=None):
        given = (x[part] for x in (targets, negatives, *extra))
        return getattr(losses, name)(states[part], vectors, *given, weight, **more)

    single = [loss(slice(row, row + 1)) for row in range(6)]
    expected = sum(w * value for w, value in zip(importance(6), single, strict=True))
    torch.testing.assert_close(loss(slice(None), importance(6)), expected)
