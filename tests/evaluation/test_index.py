"""An index proposes, products decide: exact where all is looked into, measured where not."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogues import N_ITEMS, Walk, worlds
from miqrec.errors import MiqrecError
from miqrec.evaluation import ItemIndex, ListRequest, best_items, made_up_histories, with_index
from miqrec.evaluation import index as module
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.top_lists import recommend_lists
from miqrec.models.registry import build_model, find_model

faiss = pytest.importorskip("faiss")


class Everything:
    """An index that looks into all cells, and forgets nothing."""

    def propose(self, states, n):
        return torch.stack([torch.randperm(N_ITEMS)[:n] + 1 for _ in states])


_tried = settings(max_examples=40, deadline=None)
MIXES = st.sampled_from([None, "0.5 0.3 0.2"])


@_tried
@given(worlds(), MIXES, st.booleans())
def test_with_all_items_as_candidates_lists_are_exact(world, mix, exclude):
    model, popularity, asked, _ = world
    k = N_ITEMS // 2  # so that 2 k are all
    request = ListRequest(
        model, popularity, k, InferenceConfig(mix=mix, exclude_seen=exclude), with_probability=True
    )

    found = best_items(request._replace(item_index=Everything()), *asked)
    exact, known = best_items(request, *asked), asked[1] > 0

    estimated = 1e-4 if mix is None else 0.05  # rounding may count the lowest candidate twice
    torch.testing.assert_close(found.values, exact.values, rtol=1e-4, atol=estimated)
    torch.testing.assert_close(
        found.probabilities[known], exact.probabilities[known], rtol=0.05, atol=1e-6
    )


@_tried
@given(worlds(integers=True), st.integers(1, N_ITEMS // 2))
def test_ties_go_to_the_smaller_id_and_seen_items_to_nobody(world, k):
    model, popularity, asked, allowed = world
    request = ListRequest(model, popularity, k)
    everything = request._replace(item_index=Everything(), k=N_ITEMS // 2)
    exact = best_items(request._replace(k=N_ITEMS // 2), *asked)
    assert best_items(everything, *asked).items.equal(exact.items)
    filtered = best_items(request._replace(item_index=Everything()), *asked, allowed)
    assert filtered.items.equal(best_items(request, *asked, allowed).items)


@_tried
@given(worlds(integers=True), st.booleans(), st.data())
def test_lists_that_the_index_can_not_fill_are_exact_and_the_others_its_own(world, mixed, data):
    model, popularity, asked, _ = world
    unfilled = data.draw(st.lists(st.booleans(), min_size=len(asked[1]), max_size=len(asked[1])))

    class Something:
        def propose(self, states, n):
            found = Everything().propose(states, n).view(-1, len(unfilled), n)
            found[:, torch.tensor(unfilled)] = 0
            return found.flatten(0, 1)

    inference = InferenceConfig(mix="0.6 0.4" if mixed else None)
    request = ListRequest(model, popularity, N_ITEMS // 2, inference, with_probability=True)
    found = best_items(request._replace(item_index=Something()), *asked)
    exact, known = best_items(request, *asked), asked[1] > 0
    close = {"rtol": 0.05, "atol": 0.05}
    torch.testing.assert_close(found.values, exact.values, **close)
    torch.testing.assert_close(found.probabilities[known], exact.probabilities[known], **close)
    if not mixed:
        assert found.items.equal(exact.items)


@pytest.fixture(scope="module")
def clustered() -> Walk:
    """Twenty thousand items around 200 centres."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(200, 16, generator=generator)
    places = torch.randint(200, (20_001,), generator=generator)
    return Walk(centres[places] + 0.5 * torch.randn(20_001, 16, generator=generator))


@pytest.mark.parametrize("mix", [None, "0.6 0.4"])
def test_cells_are_added_until_lists_are_found_again(clustered, caplog, mix):
    n_items = len(clustered.vectors) - 1
    request = ListRequest(clustered, torch.zeros(n_items + 1), 10, InferenceConfig(mix=mix))
    histories = made_up_histories(np.ones(n_items, np.int64), 6)

    with caplog.at_level(logging.INFO, "miqrec"):
        indexed = with_index(request, histories)

    assert 1 < indexed.item_index.probes < indexed.item_index.n_cells / 2
    [line] = caplog.messages
    assert line.startswith(f"index of 20,000 items: {indexed.item_index.probes} of")
    found, exact = (recommend_lists(each, histories) for each in (indexed, request))
    common = found.join(exact, on=["row", "id"])
    assert common.height / exact.height > 0.98
    errors = abs(common["score"] - common["score_right"])
    assert errors.quantile(0.95) < (1e-4 if mix is None else 0.05)  # of estimated normalisers


def test_noise_has_no_cells_and_is_searched_nearly_whole():
    vectors = torch.randn(4001, 32, generator=torch.Generator().manual_seed(0))
    request = ListRequest(Walk(vectors), torch.zeros(4001), 10)
    index = with_index(request, made_up_histories(np.ones(4000, np.int64), 3)).item_index
    assert index.probes > index.n_cells / 2


def test_small_catalogues_have_few_cells():
    assert [module._n_cells(n) for n in (1, 38, 78, 4000, 1_000_000)] == [1, 1, 2, 102, 2000]
    assert (
        ItemIndex(torch.randn(6, 3)).propose(torch.randn(2, 3), 8).sort(1).values.tolist()
        == [[0, 0, 0, 1, 2, 3, 4, 5]] * 2
    )


def test_a_single_cell_finds_everything(caplog):
    request = ListRequest(Walk(torch.randn(21, 3)), torch.zeros(21), 3)
    with caplog.at_level(logging.INFO, "miqrec"):
        with_index(request, made_up_histories(np.ones(20, np.int64), 3))
    assert "1 of 1 cells are looked into, which finds 100.00 %" in caplog.messages[0]


def test_a_model_without_vectors_is_not_indexed():
    markov = build_model(find_model("markov").config(), 5)
    with pytest.raises(MiqrecError, match="Markov doesn't score items by products"):
        with_index(ListRequest(markov, torch.zeros(6), 2), made_up_histories(np.ones(5, int), 2))


def test_histories_without_a_known_item_try_nothing():
    request = ListRequest(Walk(torch.randn(6, 3)), torch.zeros(6), 2)
    with pytest.raises(MiqrecError, match="nothing to try an index on"):
        with_index(request, made_up_histories(np.ones(5, np.int64), 0))
