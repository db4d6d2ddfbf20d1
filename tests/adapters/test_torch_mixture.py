"""The late mixture of any module's states, against its formula."""

import pytest
import torch

from miqrec.adapters.torch import late_mixture
from miqrec.errors import MiqrecError

B, L, D, ITEMS = 3, 5, 4, 6
STATES, VECTORS = torch.randn(B, L, D), torch.randn(ITEMS + 1, D)
LENGTHS = (5, 2, 1)
WEIGHTS = (0.5, 0.3, 0.2)


def padding(side):
    steps = torch.arange(L) if side == "right" else torch.arange(L).flip(0)
    return steps >= torch.tensor(LENGTHS)[:, None]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_newest_states_answer_whichever_side_the_padding_is_on(side):
    where = padding(side)

    scores = late_mixture(STATES, VECTORS, WEIGHTS, padding=where)

    assert (scores[:, 0] == -torch.inf).all()
    for row in range(B):
        newest_first = STATES[row][~where[row]].flip(0)
        weights = torch.tensor(WEIGHTS)[: len(newest_first)]
        shares = weights / weights.sum()
        answers = (newest_first[: len(shares)] @ VECTORS[1:].T).softmax(-1)
        torch.testing.assert_close(scores[row, 1:].exp(), shares @ answers)


def test_what_was_seen_takes_no_part():
    seen = torch.tensor([0, 0]), torch.tensor([2, 5])
    scores = late_mixture(STATES, VECTORS, [1.0], seen=seen)
    left = [1, 3, 4, 6]
    torch.testing.assert_close(scores[0, left], (STATES[0, -1] @ VECTORS[left].T).log_softmax(-1))
    assert scores[0, [0, 2, 5]].isinf().all()


def test_a_row_of_padding_alone_has_numbers():
    assert not late_mixture(STATES, VECTORS, [1.0], padding=torch.ones(B, L) > 0).isnan().any()


@pytest.mark.parametrize("weights", [[0.0, 1.0], [1.0, -0.1], torch.tensor([[1.0, 0.0], [0, 1]])])
def test_weights_without_a_meaning_are_refused(weights):
    with pytest.raises(MiqrecError, match="must be above 0"):
        late_mixture(STATES, VECTORS, weights)
