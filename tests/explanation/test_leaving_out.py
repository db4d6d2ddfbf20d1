"""Leaving out each item of a history: by hand on tiny models, and one by one for every model."""

from math import exp, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import score_items
from miqrec.evaluation.top_lists import ListRequest
from miqrec.explanation import leave_one_out, leaving_out, without_each
from miqrec.models.markov import Markov, MarkovConfig
from miqrec.models.protocol import learns
from miqrec.models.registry import build_model, find_model, model_names
from worlds import histories_of

N_ITEMS = 12
POPULARITY = torch.arange(N_ITEMS + 1).float()


class Votes(torch.nn.Module):
    """Items vote for the item after them; a vote counts 4, 2 and 1 from the newest item to the third."""

    def __init__(self, n_items: int, max_length: int) -> None:
        super().__init__()
        self.n_items, self.max_length = n_items, max_length

    def scores(self, items, lengths):
        scores = torch.zeros(len(items), self.n_items + 1)
        for row, (history, length) in enumerate(zip(items.tolist(), lengths.tolist(), strict=True)):
            newest_first = history[:length][::-1][: self.max_length]
            for item, weight in zip(newest_first, (4, 2, 1), strict=False):
                scores[row, item + 1] += weight
        return scores


def request(model, k=3, **inference):
    popularity = torch.ones(model.n_items + 1) if isinstance(model, Votes) else POPULARITY
    return ListRequest(model, popularity, k, InferenceConfig(**inference))


def column(frame, name):
    """The values of a column by explained item and position."""
    keys = zip(frame["id"], frame["position"], strict=True)
    return dict(zip(keys, frame[name], strict=True))


def test_what_followed_the_last_item_counts_for_it_by_the_places_that_markov_loses():
    """Pairs of a count and a popularity are placed (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (3, 3)."""
    model = Markov(4, MarkovConfig()).fit(
        histories_of([[1, 2, 3], [1, 2, 4], [1, 2, 4], [3, 4]], n_items=4)
    )

    frame = leave_one_out(
        ListRequest(model, torch.tensor([0, 3, 3, 2, 3.0]), k=2), torch.tensor([1, 2])
    )

    # 4 followed 2 twice, 3 did once; after 1 alone there is popularity, 3 for item 4 and 2 for item 3
    assert frame.rows() == [
        # id, rank, because, position, influence, rank_without
        (4, 1, 2, 0, 4.0 - 1.0, 1),
        (3, 2, 2, 0, 2.0 - 0.0, 2),
    ]


def test_an_influence_is_the_logarithm_of_how_many_times_as_likely_an_item_is():
    """Of five items the first two are in the history; items 3, 4 and 5 are candidates."""
    frame = leave_one_out(request(Votes(5, 3)), torch.tensor([1, 2]))
    influence = column(frame, "influence")
    whole = 4 - log(exp(4) + exp(0) + exp(0))  # 2 votes 4 for item 3; 1 votes for 2, no candidate

    assert influence[3, 0] == pytest.approx(whole - log(1 / 3))  # without 2 nobody votes for 3
    assert influence[3, 1] == pytest.approx(0)
    assert influence[4, 0] == pytest.approx(log(1 / (exp(4) + 2)) - log(1 / 3))
    assert frame["id"].to_list() == [3, 3, 4, 4, 5, 5]


def test_the_items_before_come_nearer_to_the_newest():
    """Item 1 votes for 2 with 1; without item 3 in between it votes with 2, and without the newest too."""
    frame = leave_one_out(
        request(Votes(6, 3), exclude_seen=False), torch.tensor([1, 3, 5]), torch.tensor([2])
    )
    influence = column(frame, "influence")
    others = exp(0) + exp(0) + exp(0)  # items 1, 3 and 5

    whole = 1 - log(exp(1) + exp(2) + exp(4) + others)
    assert influence[2, 0] == pytest.approx(whole - (2 - log(exp(2) + exp(4) + exp(0) + others)))
    assert influence[2, 1] == pytest.approx(whole - (2 - log(exp(2) + exp(0) + exp(4) + others)))
    assert influence[2, 2] == pytest.approx(whole - (0 - log(exp(0) + exp(2) + exp(4) + others)))


def test_an_item_comes_into_sight_where_the_model_reads_no_further():
    read = leave_one_out(request(Votes(9, 2)), torch.tensor([7, 3, 5]), torch.tensor([8]))
    influence = column(read, "influence")

    assert set(influence) == {(8, 0), (8, 1)}  # item 7 isn't read, so it isn't left out
    whole = 0 - log(exp(4) + exp(2) + 4 * exp(0))  # 6 has 4, 4 has 2; 1, 2, 8 and 9 have none
    without_newest = 2 - log(exp(4) + exp(2) + 4 * exp(0))  # 4 has 4, 8 has 2
    assert influence[8, 0] == pytest.approx(whole - without_newest)


def test_what_is_left_out_is_not_recommended_in_its_own_place():
    frame = leave_one_out(request(Votes(5, 3), k=4), torch.tensor([1, 2]))

    assert not {1, 2} & set(frame["id"])
    assert sorted(set(frame["rank_without"])) == [1, 2, 3]  # of three candidates


def test_places_are_those_of_the_lists():
    """Without 2 all candidates are equal, and equal items stand in the order of their numbers."""
    frame = leave_one_out(request(Votes(5, 3)), torch.tensor([1, 3]))

    assert column(frame, "rank") == {
        (4, 0): 1,
        (4, 1): 1,
        (2, 0): 2,
        (2, 1): 2,
        (5, 0): 3,
        (5, 1): 3,
    }
    assert column(frame, "rank_without")[4, 0] == 2  # 1 votes for 2 with 4
    assert column(frame, "rank_without")[2, 1] == 2


def test_where_nothing_is_left_popularity_answers_and_is_not_compared():
    model = build_model(find_model("sasrec").config(dim=8, n_heads=1), N_ITEMS).eval()
    frame = leave_one_out(request(model), torch.tensor([5]), torch.tensor([3]))

    assert frame["influence"].to_list() == [None]
    assert frame["rank_without"].to_list() == [12 - 3]  # items 12..4 but 5 are more popular


def test_copies_lack_one_item_each_and_are_cut_to_what_is_read():
    copies, lengths = without_each(torch.tensor([1, 2, 3]), max_length=9)
    assert copies.tolist() == [[1, 2, 3], [1, 2, 0], [1, 3, 0], [2, 3, 0]]
    assert lengths.tolist() == [3, 2, 2, 2]

    copies, lengths = without_each(torch.tensor([9, 1, 2, 3]), max_length=2)
    assert copies.tolist() == [[2, 3], [1, 2], [1, 3]]
    assert lengths.tolist() == [2, 2, 2]

    copies, lengths = without_each(torch.tensor([1]), max_length=2)
    assert copies.tolist() == [[1], [0]]
    assert lengths.tolist() == [1, 0]


@pytest.mark.parametrize("name", model_names())
@given(
    history=st.lists(st.integers(1, N_ITEMS), min_size=2, max_size=9),
    mixed=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_one_batch_is_as_good_as_scoring_each_copy_alone(name, history, mixed):
    model = tiny(name)
    inference = {"mix": (0.6, 0.4)} if mixed and learns(model) else {}
    asked = request(model, k=4, **inference)

    frame = leave_one_out(asked, torch.tensor(history))

    read = history[-model.max_length :]
    assert frame.height == frame["id"].n_unique() * len(read)
    whole = compared(asked, history, history)
    for row in frame.iter_rows(named=True):
        place = len(history) - 1 - row["position"]
        assert row["because"] == history[place]
        rest = compared(asked, history[:place] + history[place + 1 :], history)
        expected = whole[row["id"]] - rest[row["id"]]
        assert row["influence"] == pytest.approx(expected.item(), abs=1e-4)


@pytest.mark.parametrize("cells", [1, 40])
def test_scores_are_held_a_few_rows_at_a_time(monkeypatch, cells):
    asked, history = request(tiny("miq-sasrec")), torch.tensor([1, 2, 3, 4, 5])
    at_once = leave_one_out(asked, history)
    monkeypatch.setattr(leaving_out, "CELLS", cells)

    in_pieces = leave_one_out(asked, history)

    assert in_pieces.drop("influence").equals(at_once.drop("influence"))
    assert in_pieces["influence"].to_list() == pytest.approx(
        at_once["influence"].to_list(), abs=1e-5
    )


def test_only_what_lists_leave_out_is_no_candidate():
    """Of the history 1, 2 only the purchase of 1 is left out of lists, say."""
    frame = leave_one_out(request(Votes(4, 3), k=4), torch.tensor([1, 2]), seen=torch.tensor([1]))

    assert frame["id"].unique().sort().to_list() == [2, 3, 4]


def test_what_no_list_holds_is_not_explained():
    asked = request(Votes(5, 3))
    with pytest.raises(MiqrecError, match="left out of lists, as it is in the history"):
        leave_one_out(asked, torch.tensor([1, 2]), torch.tensor([2]))
    with pytest.raises(MiqrecError, match="popularity answers and nothing explains it"):
        leave_one_out(asked, torch.tensor([], dtype=torch.int64))


def tiny(name):
    """A model that reads 6 items, with weights large enough to matter."""
    config = find_model(name).config
    sizes = {"dim": 8, "hidden": 8, "n_heads": 2, "n_layers": 2, "max_length": 6, "window": 3}
    model = build_model(
        config(**{key: size for key, size in sizes.items() if key in config.model_fields}), N_ITEMS
    )
    if not learns(model):
        return model.fit(histories_of([[1, 2, 3, 4], [2, 3, 5, 6], [3, 5, 7, 12]], N_ITEMS))
    torch.manual_seed(0)
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return model.eval()


def compared(asked, history, whole):
    """What is compared of one history: log p, or the scores of a model that counts; (n_items + 1,)."""
    read = history[-asked.model.max_length :]
    seen = torch.zeros(len(whole), dtype=torch.int64), torch.tensor(whole)
    scores = score_items(
        *(asked.model, torch.tensor([read]), torch.tensor([len(read)])),
        *(asked.popularity, asked.inference, seen),
    )[0]
    return scores.log_softmax(0) if learns(asked.model) else scores
