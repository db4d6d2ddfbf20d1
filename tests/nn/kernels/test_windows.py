"""The queries of sliding windows against their formula, q_{t,j} = x_{t-m+1+j} Wq_j + bq_j."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from miqrec.nn.kernels.windows import (
    queries_at,
    queries_of,
    slide,
    visible_windows,
    window_queries,
)
from miqrec.nn.padding import take_rows

SHAPES = [(1, 1), (1, 4), (5, 1), (5, 3)]


def written_out(x, weight, bias, window):
    """The formula: item t + j of the dummies and items x is the j-th of the window of position t."""
    length, (weight, bias) = x.shape[1] - window + 1, shared(weight, bias, window)
    return torch.stack([x[:, j : j + length] @ weight[j] + bias[j] for j in range(window)])


def shared(weight, bias, window):
    return weight.expand(window, -1, -1), bias.expand(window, -1)


def parts(L, m, matrices, D=4):
    shapes = [(2, L + m - 1, D), (matrices, D, D), (matrices, D)]
    return [torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in shapes]


def assert_same(ours, theirs, inputs):
    torch.testing.assert_close(ours, theirs)
    direction = torch.randn_like(ours)
    gradients = [torch.autograd.grad((x * direction).sum(), inputs) for x in (ours, theirs)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("one_matrix", [False, True])
@pytest.mark.parametrize(("L", "m"), SHAPES)
def test_window_queries_follow_the_formula_in_outputs_and_gradients(L, m, one_matrix):
    inputs = parts(L, m, 1 if one_matrix else m)
    assert_same(window_queries(*inputs, m), written_out(*inputs, m), inputs)


@pytest.mark.parametrize("one_matrix", [False, True])
@pytest.mark.parametrize(("L", "m"), SHAPES)
def test_queries_at_positions_are_those_of_window_queries(L, m, one_matrix):
    inputs = parts(L, m, 1 if one_matrix else m)
    positions = torch.tensor([[L - 1, 0, 0], [L // 2, L - 1, 0]])
    expected = torch.stack([take_rows(q, positions) for q in written_out(*inputs, m)])
    assert_same(queries_at(positions, *inputs, m), expected, inputs)


@pytest.mark.parametrize("one_matrix", [False, True])
@pytest.mark.parametrize(("L", "m"), SHAPES)
def test_queries_of_causal_windows_are_those_of_window_queries(L, m, one_matrix):
    inputs = parts(L, m, 1 if one_matrix else m)
    windows = visible_windows(torch.ones(2, L, L).tril().bool(), m)
    assert_same(queries_of(windows, *inputs), written_out(*inputs, m), inputs)


@given(visible=st.data(), L=st.integers(1, 6), m=st.integers(1, 8))
def test_a_window_has_the_position_and_the_newest_items_before_it_that_it_sees(visible, L, m):
    rows = st.lists(st.booleans(), min_size=L, max_size=L)
    visible = visible.draw(st.lists(rows, min_size=L, max_size=L))
    dummies = [f"d{i}" for i in range(1, m)]

    windows = visible_windows(torch.tensor([visible]), m)[0]

    names = [*dummies, *range(L)]
    for t in range(L):
        seen = [s for s in range(t) if visible[t][s]]
        expected = [*dummies, *seen, t][-m:]
        assert [names[row] for row in windows[t]] == expected


def test_projections_may_lack_a_bias():
    x, weight, _ = parts(5, 3, 3)
    zero = torch.zeros(3, 4, dtype=torch.double)
    torch.testing.assert_close(
        window_queries(x, weight, None, 3), window_queries(x, weight, zero, 3)
    )
    positions = torch.tensor([[4, 1], [0, 2]])
    without = queries_at(positions, x, weight, None, 3)
    torch.testing.assert_close(without, queries_at(positions, x, weight, zero, 3))


def test_each_position_has_its_own_window():
    projected = torch.tensor([[[0, 1], [10, 11], [20, 21]]]).unsqueeze(-1)  # (1, 3, 2, 1)
    assert slide(projected).squeeze().tolist() == [[0, 10], [11, 21]]  # (m, L)


def test_queries_are_a_view_of_the_projected_items():
    projected = torch.randn(2, 5, 3, 4)
    assert slide(projected).data_ptr() == projected.data_ptr()


@pytest.mark.parametrize(("L", "m"), SHAPES)
def test_compiled_code_slides_by_a_loop_to_the_same_result(L, m, monkeypatch):
    projected = torch.randn(2, L + m - 1, m, 4)
    expected = slide(projected)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    torch.testing.assert_close(slide(projected), expected)
