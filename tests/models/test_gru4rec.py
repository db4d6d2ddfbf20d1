import math

import pytest
import torch
from torch import nn

from miqrec.errors import MiqrecError
from miqrec.models.configs.gru4rec import GRU4RecConfig
from miqrec.models.gru4rec import GRU4Rec

CONFIG = GRU4RecConfig(dim=6, hidden=8, dropout=0.0, max_length=5)


def model(config=CONFIG, n_items=9):
    torch.manual_seed(0)
    return GRU4Rec(n_items, config).eval()


def test_the_defaults_are_the_published_sizes():
    weights = {name: tuple(p.shape) for name, p in GRU4Rec(9, GRU4RecConfig()).named_parameters()}
    assert weights == {
        "embedding.weight": (1 + 9, 64),
        "gru.weight_ih_l0": (3 * 128, 64),
        "gru.weight_hh_l0": (3 * 128, 128),
        "project.weight": (64, 128),
        "project.bias": (64,),
    }


def test_a_state_is_a_gru_cell_applied_item_by_item():
    gru = model().double()
    cell = nn.GRUCell(6, 8, bias=False).double()
    cell.weight_ih, cell.weight_hh = gru.gru.weight_ih_l0, gru.gru.weight_hh_l0
    items = torch.tensor([[3, 1, 3, 7]])
    hidden = torch.zeros(1, 8, dtype=torch.float64)
    expected = []
    for item in items[0]:
        hidden = cell(gru.embedding.weight[item][None], hidden)
        expected.append(gru.project(hidden))
    states = gru(items, torch.tensor([4]))
    torch.testing.assert_close(states, torch.stack(expected, dim=1))


def test_later_items_and_padding_change_no_state():
    gru = model()
    alone = gru(torch.tensor([[4, 2, 9]]), torch.tensor([3]))
    batch = gru(torch.tensor([[4, 2, 9, 0, 0], [4, 2, 9, 5, 1]]), torch.tensor([3, 5]))
    torch.testing.assert_close(batch[:, :3], alone.expand(2, -1, -1))


def test_last_is_the_newest_state():
    gru = model()
    items, lengths = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 0, 0, 0]]), torch.tensor([5, 2])
    states = gru(items, lengths)
    newest = torch.stack([states[0, 4], states[1, 1]]).unsqueeze(1)
    torch.testing.assert_close(gru.last(items, lengths), newest)


def test_last_reads_the_newest_max_length_items():
    gru = model()
    longer = gru.last(torch.tensor([[8, 8, 1, 2, 3, 4, 5]]), torch.tensor([7]))
    torch.testing.assert_close(longer, gru.last(torch.tensor([[1, 2, 3, 4, 5]]), torch.tensor([5])))


def test_forward_refuses_more_than_max_length():
    with pytest.raises(MiqrecError, match="length 6 does not fit a model of max_length 5"):
        model()(torch.ones(1, 6, dtype=torch.long), torch.tensor([6]))


def test_dropout_acts_on_the_embeddings_in_training_only():
    gru = model(CONFIG.model_copy(update={"dropout": 0.5}))
    items, lengths = torch.tensor([[1, 2, 3]]), torch.tensor([3])
    assert torch.equal(gru(items, lengths), gru(items, lengths))
    seen = []
    gru.gru.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    gru.train()(items, lengths)
    embedded = gru.embedding(items)
    kept = seen[0] != 0
    assert not kept.all()
    torch.testing.assert_close(seen[0][kept], embedded[kept] / (1 - 0.5))


def test_weights_start_as_in_recbole():
    gru = model(GRU4RecConfig(), n_items=3999)
    deviation = gru.embedding.weight.std().item()
    assert deviation == pytest.approx(math.sqrt(2 / (4000 + 64)), rel=0.02)
    bound = math.sqrt(6 / (3 * 128 + 64))
    assert gru.gru.weight_ih_l0.abs().max().item() == pytest.approx(bound, rel=0.01)


def test_scores_are_dot_products_with_the_tied_embedding():
    gru = model()
    items, lengths = torch.tensor([[1, 2]]), torch.tensor([2])
    expected = gru.last(items, lengths).squeeze(1) @ gru.embedding.weight.T
    torch.testing.assert_close(gru.scores(items, lengths), expected)


def test_every_parameter_gets_gradient():
    gru = model()
    gru.scores(torch.tensor([[1, 2, 3]]), torch.tensor([3])).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in gru.parameters())
