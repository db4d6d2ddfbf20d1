"""Weights in another catalogue: each item's rows move with it, and all else stays."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from miqrec.errors import MiqrecError
from miqrec.models.configs.s3rec import S3RecConfig
from miqrec.models.growth import item_weights, take_over
from miqrec.models.protocol import learns
from miqrec.models.registry import build_model, find_model, model_names
from miqrec.models.s3rec import build_s3rec

N_OLD, N_NEW = 6, 8
KNOWN = np.array([3, 0, 1, 0, 6, 5, 0, 2])  # of the new items 1 to 8; the old item 4 is gone
LEARNERS = [name for name in model_names() if learns(build_model(find_model(name).config(), 3))]


def build(name: str, n_items: int) -> nn.Module:
    return build_model(find_model(name).config(dim=8, max_length=12), n_items).eval()


@pytest.mark.parametrize("name", LEARNERS)
def test_in_the_same_catalogue_all_weights_are_equal(name):
    old, new = build(name, N_OLD), build(name, N_OLD)
    take_over(new, old, np.arange(1, N_OLD + 1))
    assert all(torch.equal(w, old.state_dict()[n]) for n, w in new.state_dict().items())


@pytest.mark.parametrize("name", LEARNERS)
def test_in_another_old_items_keep_their_vectors_and_new_ones_their_fresh_ones(name):
    old, new = build(name, N_OLD), build(name, N_NEW)
    fresh = new.item_vectors().detach().clone()

    take_over(new, old, KNOWN)

    for item, before in enumerate(KNOWN, start=1):
        expected = old.item_vectors()[before] if before else fresh[item]
        assert torch.equal(new.item_vectors()[item], expected)
    rows = set(item_weights(new))
    assert rows
    for weight, value in new.state_dict().items():
        assert weight in rows or torch.equal(value, old.state_dict()[weight])


@pytest.mark.parametrize("name", LEARNERS)
def test_old_items_score_in_another_catalogue_as_before(name):
    old, new = build(name, N_OLD), build(name, N_NEW)
    take_over(new, old, KNOWN)

    new_items = torch.tensor([[1, 3, 5]])  # the old items 3, 1 and 6
    lengths = torch.tensor([3])
    before = old.scores(torch.from_numpy(KNOWN)[new_items - 1], lengths)[0]
    after = new.scores(new_items, lengths)[0]

    shared = np.flatnonzero(KNOWN)
    torch.testing.assert_close(after[shared + 1], before[KNOWN[shared]])


def test_a_mask_behind_the_items_moves_behind_the_new_ones():
    old, new = (build_s3rec(n, S3RecConfig(dim=8)) for n in (N_OLD, N_NEW))
    take_over(new, old, KNOWN)
    assert torch.equal(new.embedding.items.weight[new.mask], old.embedding.items.weight[old.mask])


class Biased(nn.Module):
    """A model with a bias an item beside the vectors, and a table of as many rows by chance."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.vectors, self.bias = nn.Embedding(n_items + 1, 4), nn.Embedding(n_items + 1, 1)
        self.positions = nn.Embedding(N_OLD + 1, 4)

    def item_vectors(self) -> torch.Tensor:
        return self.vectors.weight


def test_weights_beside_the_vectors_are_named_by_the_model(monkeypatch):
    old, new = Biased(N_OLD), Biased(N_NEW)
    assert item_weights(new) == ["vectors.weight"]
    with pytest.raises(MiqrecError, match=r"bias.weight.* names them in a method item_weights"):
        take_over(new, old, KNOWN)

    monkeypatch.setattr(
        Biased, "item_weights", lambda self: ["vectors.weight", "bias.weight"], raising=False
    )
    take_over(new, old, KNOWN)
    assert torch.equal(new.bias.weight[1], old.bias.weight[KNOWN[0]])
    assert torch.equal(new.positions.weight, old.positions.weight)


def test_vectors_that_are_computed_belong_to_no_weight():
    model = SimpleNamespace(
        item_vectors=lambda: torch.ones(3, 2), named_parameters=nn.Linear(2, 3).named_parameters
    )
    assert item_weights(model) == []
