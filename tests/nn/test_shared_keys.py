"""What every attention layer refuses."""

import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: CausalSelfAttention(10, 3), "embed_dim 10 cannot be cut into 3 heads"),
        (lambda: MultiItemQueryAttention(10, 0, 2), "embed_dim 10 cannot be cut into 0 heads"),
        (lambda: MultiItemQueryAttention(8, 2, 0), "window is 0"),
        (lambda: MultiItemQueryAttention(8, 2, 3, pooling="max"), "unknown pooling 'max'"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(build, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        build()


@pytest.mark.parametrize(
    ("shapes", "lengths"),
    [
        (((2, 5, 4), (2, 5, 4)), None),  # another width
        (((2, 5, 8), (2, 4, 8)), None),  # another length
        (((5, 8), (5, 8)), None),  # no batch
        (((2, 5, 8), (2, 5, 8)), torch.tensor([5, 5, 5])),  # lengths of another batch
    ],
)
def test_inputs_that_do_not_fit_are_refused(shapes, lengths):
    query, key_value = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(MiqrecError, match="shape"):
        MultiItemQueryAttention(8, 2, 3)(query, key_value, lengths=lengths)
