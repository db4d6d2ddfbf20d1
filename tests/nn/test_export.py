"""Both layers as one graph: compiled, and exported for every batch and length."""

from functools import partial

import pytest
import torch
from torch import nn

from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention

LAYERS = {
    "one query": partial(CausalSelfAttention, 8, 2),
    "three queries": partial(MultiItemQueryAttention, 8, 2, 3),
    "both directions": partial(MultiItemQueryAttention, 8, 2, 3, causal=False),
}
X, LENGTHS = torch.randn(2, 9, 8), torch.tensor([9, 4])
LONGER = torch.randn(4, 17, 8), torch.tensor([17, 1, 8, 9])
SHORTER = torch.randn(3, 2, 8), torch.tensor([2, 1, 2])
SHORTEST = torch.randn(1, 1, 8), torch.tensor([1])


@pytest.fixture(params=LAYERS)
def layer(request) -> nn.Module:
    return LAYERS[request.param]()


class Newest(nn.Module):
    """`last` as a module, which is what can be exported."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, query: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.layer.last(query, lengths=lengths, n=3)


def results(function, layer):
    """Outputs, and the gradients of the inputs and of every parameter."""
    query = X.clone().requires_grad_()
    output = function(query, lengths=LENGTHS)
    direction = torch.linspace(-1, 1, output.numel()).view(output.shape)
    return output, *torch.autograd.grad((output * direction).sum(), [query, *layer.parameters()])


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_compiles_into_one_graph_with_the_same_outputs_and_gradients(layer, backend):
    compiled = torch.compile(layer, fullgraph=True, backend=backend)
    torch.testing.assert_close(
        results(compiled, layer), results(layer, layer), rtol=1e-4, atol=1e-5
    )


def exported(module, **inputs):
    """A program for every batch B and length L."""
    B, L = torch.export.Dim("B"), torch.export.Dim("L")
    shapes = {name: {0: B, 1: L} if x.dim() > 1 else {0: B} for name, x in inputs.items()}
    return torch.export.export(module, (), inputs, dynamic_shapes=shapes).module()


def test_is_exported_for_every_batch_and_length(layer):
    program = exported(layer.eval(), query=X, lengths=LENGTHS)
    for query, lengths in (LONGER, SHORTER, SHORTEST):
        expected = layer(query, lengths=lengths)
        torch.testing.assert_close(program(query=query, lengths=lengths), expected)


def test_is_exported_with_padding_anywhere(layer):
    program = exported(layer.eval(), query=X, padding=torch.rand(2, 9) < 0.3)
    query, padding = torch.randn(4, 17, 8), torch.rand(4, 17) < 0.3
    expected = layer(query, padding=padding)
    torch.testing.assert_close(program(query=query, padding=padding), expected)


def test_the_newest_positions_are_exported_too(layer):
    program = exported(Newest(layer.eval()), query=X, lengths=LENGTHS)
    for query, lengths in (LONGER, SHORTER, SHORTEST):
        expected = layer.last(query, lengths=lengths, n=3)
        torch.testing.assert_close(program(query=query, lengths=lengths), expected)
