"""Lists of a large catalogue, block by block, are those that all scores at once give."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogues import N_ITEMS, Walk, worlds
from miqrec.errors import MiqrecError
from miqrec.evaluation import ListRequest, best_items, blocks
from miqrec.evaluation import best as module
from miqrec.evaluation.inference import InferenceConfig
from reference.mixture import mixed_probabilities
from reference.ranking import best


@pytest.fixture
def _small_blocks(monkeypatch):
    """Blocks of 7 items, whatever the number of histories, for catalogues of any size."""
    monkeypatch.setattr(module, "LARGE", 0)
    monkeypatch.setattr(blocks, "SCORES", 0)
    monkeypatch.setattr(blocks, "NARROWEST", 7)


def whole(*arguments, **options):
    """The same from all scores at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LARGE", math.inf)
        return best_items(*arguments, **options)


_tried = settings(max_examples=60, deadline=None)


@pytest.mark.usefixtures("_small_blocks")
class TestBlocks:
    @_tried
    @given(worlds(integers=True), st.integers(1, N_ITEMS), st.booleans(), st.booleans())
    def test_one_answer_is_exact_with_ties_exclusion_and_filters(self, world, k, exclude, filtered):
        model, popularity, asked, allowed = world
        request = ListRequest(model, popularity, k, InferenceConfig(exclude_seen=exclude))
        allowed = allowed if filtered else None

        found, expected = best_items(request, *asked, allowed), whole(request, *asked, allowed)

        assert found.items.equal(expected.items)
        assert found.values.equal(expected.values)

    @_tried
    @given(worlds(integers=True), st.integers(1, N_ITEMS))
    def test_one_answer_is_the_slow_reference(self, world, k):
        model, popularity, asked, _ = world
        items, lengths, (rows, seen) = asked
        found = best_items(ListRequest(model, popularity, k), *asked)
        for row, length in enumerate(lengths.tolist()):
            newest = model.vectors[items[row, max(length - 1, 0)]]
            scores = model.vectors @ newest if length else popularity
            left_out = set(seen[rows == row].tolist())
            assert found.items[row].tolist() == best(scores.tolist(), k, left_out)

    @_tried
    @given(worlds(), st.sampled_from([0.5, 1.0]), st.booleans(), st.booleans())
    def test_a_mixture_and_its_probabilities(self, world, temperature, exclude, filtered):
        model, popularity, asked, allowed = world
        inference = InferenceConfig(
            mix="0.5 0.3 0.2", temperature=temperature, exclude_seen=exclude
        )
        request = ListRequest(model, popularity, 5, inference, with_probability=True)
        allowed = allowed if filtered else None

        found, expected = best_items(request, *asked, allowed), whole(request, *asked, allowed)

        torch.testing.assert_close(found.values, expected.values, rtol=1e-4, atol=1e-4)
        known = asked[1] > 0
        torch.testing.assert_close(
            found.probabilities[known], expected.probabilities[known], rtol=1e-4, atol=1e-6
        )

    @_tried
    @given(worlds())
    def test_a_mixture_is_the_plain_loop(self, world):
        model, popularity, (items, lengths, (rows, seen)), _ = world
        request = ListRequest(model, popularity, 5, InferenceConfig(mix="0.6 0.4"))
        found = best_items(request, items, lengths, (rows, seen))
        for row in lengths.nonzero().flatten().tolist():
            length = int(lengths[row])
            answers = model.vectors[items[row, :length].flip(0)[:2]].tolist()
            left_out = set(seen[rows == row].tolist())
            expected = mixed_probabilities(answers, model.vectors.tolist(), [0.6, 0.4], left_out)
            ranked = sorted(expected.values(), reverse=True)[:5]
            assert found.values[row].exp().tolist() == pytest.approx(ranked, rel=1e-4)

    @_tried
    @given(worlds(), st.sampled_from([0.5, 1.0]))
    def test_probabilities_of_one_answer(self, world, temperature):
        model, popularity, asked, _ = world
        request = ListRequest(model, popularity, 9, InferenceConfig(temperature=temperature), True)
        found, expected, known = best_items(request, *asked), whole(request, *asked), asked[1] > 0
        torch.testing.assert_close(found.probabilities[known], expected.probabilities[known])

    def test_a_score_that_is_not_finite_is_refused(self):
        vectors = torch.zeros(N_ITEMS + 1, 3)
        vectors[30] = math.nan
        asked = torch.tensor([[1]]), torch.tensor([1]), (torch.tensor([0]), torch.tensor([1]))
        with pytest.raises(MiqrecError, match="scores are NaN or infinite"):
            best_items(ListRequest(Walk(vectors), torch.zeros(N_ITEMS + 1), 3), *asked)

    def test_all_scores_are_never_held(self, monkeypatch):
        held = []
        monkeypatch.setattr(blocks, "check_finite", lambda scores: held.append(scores.shape))
        asked = torch.tensor([[1]] * 4), torch.ones(4, dtype=torch.int64), (torch.tensor([0]),) * 2
        request = ListRequest(Walk(torch.randn(N_ITEMS + 1, 3)), torch.zeros(N_ITEMS + 1), 3)
        best_items(request, *asked)
        assert held == [(4, 7)] * 5 + [(4, 6)]


class TestSmallCatalogues:
    @_tried
    @given(worlds(integers=True), st.booleans())
    def test_a_filter_leaves_the_order_of_the_others(self, world, shared):
        model, popularity, asked, allowed = world
        allowed = allowed[0] if shared else allowed
        every = best_items(ListRequest(model, popularity, N_ITEMS), *asked).items
        kept = best_items(ListRequest(model, popularity, N_ITEMS), *asked, allowed).items
        for row, (before, after) in enumerate(zip(every.tolist(), kept.tolist(), strict=True)):
            mask = allowed if shared else allowed[row]
            assert [i for i in after if i] == [i for i in before if i and mask[i]]

    def test_a_model_with_scores_of_its_own_is_asked_for_them(self, monkeypatch):
        class Backwards(Walk):
            def scores(self, items, lengths):
                return -super().scores(items, lengths)

        monkeypatch.setattr(module, "LARGE", 0)
        vectors = torch.arange(N_ITEMS + 1.0).unsqueeze(1)
        asked = torch.tensor([[9]]), torch.tensor([1]), (torch.tensor([0]), torch.tensor([9]))
        request = ListRequest(Backwards(vectors), torch.zeros(N_ITEMS + 1), 3)
        assert best_items(request, *asked).items.tolist() == [[1, 2, 3]]
