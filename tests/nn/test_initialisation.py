"""Starting weights: every matrix by the rule, every bias zero, each window's matrix by itself."""

import pytest
import torch
from torch import nn

from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.initialisation import initialise


def test_glorot_reads_each_query_matrix_by_itself():
    layer = MultiItemQueryAttention(32, 2, 10)
    initialise(layer, nn.init.xavier_uniform_)
    bound = (6 / (32 + 32)) ** 0.5
    for matrix in [*layer.query_weight, layer.key.weight, layer.pool_value.weight]:
        assert 0.98 * bound < matrix.abs().max() <= bound


def test_biases_and_padding_start_at_zero():
    layer, items = MultiItemQueryAttention(8, 2, 3), nn.Embedding(5, 8, padding_idx=0)
    initialise(nn.ModuleList([layer, items]), nn.init.ones_)
    biases = [p for name, p in layer.named_parameters() if name.endswith("bias")]
    assert len(biases) == 5  # key's, value's, two of pooling, and the window's
    assert not torch.cat([b.flatten() for b in biases]).any()
    assert items.weight.sum(1).tolist() == [0, 8, 8, 8, 8]


def test_dummies_and_norms_keep_what_they_have():
    layer, norm = MultiItemQueryAttention(64, 2, 11), nn.LayerNorm(8)
    initialise(nn.ModuleList([layer, norm]), nn.init.zeros_)
    assert layer.dummy_items.std().item() == pytest.approx(1, abs=0.1)
    assert norm.weight.tolist() == [1] * 8
