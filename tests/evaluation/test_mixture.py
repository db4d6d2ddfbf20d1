"""Two answers mixed on paper, many by a plain loop, and what a mixture may never do."""

import math
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from miqrec.evaluation import mixture
from miqrec.evaluation.mixture import late_mixture
from reference.mixture import mixed_probabilities
from tensors import LargestTensor

ONE = torch.tensor([1])
TWO = torch.tensor([2])
LOG2, LOG3 = math.log(2), math.log(3)
VECTORS = torch.tensor(
    [[9.0, 9], [LOG2, 0], [0, LOG3], [0, 0]]
)  # padding's, and those of items 1 to 3
STATES = torch.tensor(
    [[[1.0, 0], [0, 1]]]
)  # the newest answer scores log 2, 0, 0; the other 0, log 3, 0
WEIGHTS = torch.tensor([0.6, 0.4])
DOUBLE = sys.float_info.min  # below it the reference's floats lose digits


def pairs(*items: int) -> tuple[Tensor, Tensor]:
    """These items of row 0."""
    return torch.zeros(len(items), dtype=torch.int64), torch.tensor(items, dtype=torch.int64)


def probabilities(log_p: Tensor) -> list[float]:
    return log_p[0, 1:].exp().tolist()


def test_two_answers_on_paper():
    """Softmaxes (2 1 1) / 4 and (1 3 1) / 5."""
    expected = [0.6 * 2 / 4 + 0.4 * 1 / 5, 0.6 * 1 / 4 + 0.4 * 3 / 5, 0.6 * 1 / 4 + 0.4 * 1 / 5]
    log_p = late_mixture(STATES, VECTORS, WEIGHTS, TWO)
    assert probabilities(log_p) == pytest.approx(expected)
    assert log_p.dtype == torch.float32


def test_softmaxes_run_over_what_is_unseen():
    """Without item 2: (2 1) / 3 and (1 1) / 2."""
    expected = [0.6 * 2 / 3 + 0.4 * 1 / 2, 0, 0.6 * 1 / 3 + 0.4 * 1 / 2]
    log_p = late_mixture(STATES, VECTORS, WEIGHTS, TWO, seen=pairs(2))
    assert probabilities(log_p) == pytest.approx(expected)


def test_a_temperature_of_a_half_squares_the_odds():
    """(4 1 1) / 6 and (1 9 1) / 11."""
    expected = [0.6 * 4 / 6 + 0.4 * 1 / 11, 0.6 * 1 / 6 + 0.4 * 9 / 11, 0.6 * 1 / 6 + 0.4 * 1 / 11]
    log_p = late_mixture(STATES, VECTORS, WEIGHTS, TWO, temperature=0.5)
    assert probabilities(log_p) == pytest.approx(expected)


def test_scores_are_held_of_one_answer_at_a_time():
    n_rows, n_items = 64, 1000
    states, vectors = torch.ones(n_rows, 10, 4), torch.ones(n_items + 1, 4)
    with LargestTensor() as largest:
        late_mixture(states, vectors, torch.ones(10), torch.full((n_rows,), 10))
    assert largest.elements == n_rows * (n_items + 1)


def test_an_answer_from_before_the_first_item_is_left_out():
    log_p = late_mixture(STATES, VECTORS, WEIGHTS, ONE)
    assert probabilities(log_p) == pytest.approx([2 / 4, 1 / 4, 1 / 4])


def test_each_row_may_have_weights_of_its_own():
    weights = torch.tensor([[1.0, 0], [0.5, 0.5]])
    log_p = late_mixture(STATES.repeat(2, 1, 1), VECTORS, weights, torch.tensor([2, 2]))
    assert log_p[:, 1].exp().tolist() == pytest.approx([2 / 4, (2 / 4 + 1 / 5) / 2])


def test_a_row_that_has_seen_everything_has_no_candidate():
    log_p = late_mixture(STATES, VECTORS, WEIGHTS, TWO, seen=pairs(1, 2, 3))
    assert log_p.tolist() == [[-math.inf] * 4]


def test_log_probabilities_keep_their_order_where_probabilities_would_all_be_0():
    """exp(-1000) is 0, also in double precision."""
    states = torch.tensor([[[1000.0, 0], [1000.0, 0]]])
    log_p = late_mixture(states, torch.tensor([[0.0, 0], [1, 0], [0, 0], [-1, 0]]), WEIGHTS, TWO)
    assert log_p[0, 1:].tolist() == pytest.approx([0, -1000, -2000], abs=1e-3)


_tried = settings(max_examples=50, deadline=None)


@st.composite
def worlds(draw: st.DrawFn, scale: float = 3.0) -> dict[str, Tensor]:
    """States of some scale, vectors, weights, and how many answers each row has."""
    n_rows, n, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 8))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    weights = torch.rand(n, generator=generator) + torch.eye(n)[0] * 0.1
    return {
        "states": scale * torch.randn(n_rows, n, 3, generator=generator),
        "item_vectors": torch.randn(n_items + 1, 3, generator=generator),
        "weights": weights / weights.sum(),
        "valid": torch.randint(1, n + 1, (n_rows,), generator=generator),
    }


def some_seen(world: dict[str, Tensor], share: float = 0.3) -> tuple[Tensor, Tensor]:
    """Pairs of each row with some of the items, never with item 1."""
    size = len(world["states"]), len(world["item_vectors"])
    chosen = torch.rand(size, generator=torch.Generator().manual_seed(1)) < share
    chosen[:, :2] = False
    rows, items = chosen.nonzero(as_tuple=True)
    return rows, items


@_tried
@given(world=worlds() | worlds(scale=100), temperature=st.sampled_from([0.5, 1.0, 3.0]))
def test_it_is_the_plain_loop(world: dict[str, Tensor], temperature: float):
    seen = some_seen(world)
    log_p = late_mixture(**world, seen=seen, temperature=temperature)
    for row, answers in enumerate(world["states"].tolist()):
        expected = mixed_probabilities(
            answers[: world["valid"][row]],
            world["item_vectors"].tolist(),
            world["weights"].tolist(),
            {item for r, item in zip(*map(Tensor.tolist, seen), strict=True) if r == row},
            temperature,
        )
        found = {i: p for i, p in enumerate(log_p[row].tolist()) if p > -math.inf}
        logs = {i: math.log(p) if p > DOUBLE else found[i] for i, p in expected.items()}
        assert found == pytest.approx(logs, rel=1e-4, abs=1e-3)


@_tried
@given(world=worlds())
def test_a_seen_item_never_scores(world: dict[str, Tensor]):
    rows, items = some_seen(world)
    log_p = late_mixture(**world, seen=(rows, items))
    left_out = torch.zeros_like(log_p, dtype=torch.bool)
    left_out[rows, items] = left_out[:, 0] = True
    assert torch.equal(log_p.isinf(), left_out)


@_tried
@given(world=worlds())
def test_what_is_certain_of_the_newest_answer_ranks_as_it_does(world: dict[str, Tensor]):
    """Weights (1, 0, ...) leave log softmax of the newest scores."""
    alone = torch.eye(len(world["weights"]))[0]
    log_p = late_mixture(**(world | {"weights": alone}))
    scores = world["states"][:, 0] @ world["item_vectors"].T
    torch.testing.assert_close(log_p[:, 1:], scores[:, 1:].log_softmax(1))


@_tried
@given(world=worlds(), constant=st.floats(-5, 5))
def test_a_constant_added_to_all_scores_of_an_answer_changes_nothing(
    world: dict[str, Tensor], constant: float
):
    """A further dimension, in which all items are alike, adds a constant to each answer's scores."""
    more = torch.full((*world["states"].shape[:2], 1), constant)
    more *= torch.arange(1.0, more.shape[1] + 1).unsqueeze(1)  # another one for each answer
    longer = {
        "states": torch.cat([world["states"], more], dim=-1),
        "item_vectors": torch.cat(
            [world["item_vectors"], torch.ones(len(world["item_vectors"]), 1)], 1
        ),
    }
    torch.testing.assert_close(
        late_mixture(**(world | longer)), late_mixture(**world), rtol=1e-4, atol=1e-4
    )


@_tried
@given(world=worlds())
def test_rows_are_mixed_a_few_at_a_time_with_the_same_result(world: dict[str, Tensor]):
    whole = late_mixture(**world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixture, "CHUNK", 1)
        patch.setattr(mixture, "ROWS", 1)
        torch.testing.assert_close(late_mixture(**world), whole)
