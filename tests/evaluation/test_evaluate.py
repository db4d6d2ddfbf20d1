"""What is measured is what is served: misses, and answers by popularity, worked out by hand."""

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor

from miqrec import MiqrecWarning, Recommender
from miqrec.data.histories import Questions
from miqrec.evaluation.evaluate import rank_questions
from miqrec.evaluation.inference import InferenceConfig

N_ITEMS = 5
POPULARITY = torch.tensor([0.0, 1, 2, 3, 4, 5])  # the first is padding's


class Falling:
    """Scores item 1 highest and item 5 lowest, whatever the history."""

    max_length = 10

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return -torch.arange(N_ITEMS + 1.0).repeat(len(items), 1)

    def eval(self) -> "Falling":
        return self

    def to(self, device: object) -> "Falling":
        return self


def questions(*asked: tuple[list[int], int]) -> Questions:
    """Histories, and the target of each."""
    lengths = np.array([len(history) for history, _ in asked])
    flat = np.array([item for history, _ in asked for item in history], np.int32)
    stops = lengths.cumsum()
    return Questions(
        items=flat,
        users=np.arange(len(asked)),
        starts=stops - lengths,
        stops=stops,
        n_items=N_ITEMS,
        n_users=len(asked),
        targets=np.array([target for _, target in asked], np.int32),
    )


def ranks(*asked: tuple[list[int], int], exclude_seen: bool = True) -> list[int]:
    inference = InferenceConfig(exclude_seen=exclude_seen)
    frame = rank_questions(Falling(), questions(*asked), POPULARITY, inference)
    return frame["rank"].to_list()


def test_a_target_is_ranked_among_the_items_that_are_unseen():
    assert ranks(([1, 2], 4)) == [2]  # 3 is above it; 1 and 2 are seen
    assert ranks(([1, 2], 4), exclude_seen=False) == [4]


def test_a_target_that_was_seen_is_a_miss_because_lists_leave_it_out():
    assert ranks(([1, 2], 1)) == [N_ITEMS]
    assert ranks(([1, 2], 1), exclude_seen=False) == [1]


def test_a_target_outside_the_catalogue_is_a_miss():
    assert ranks(([1], 0)) == [N_ITEMS]
    assert ranks(([1], 0), exclude_seen=False) == [N_ITEMS]


def test_popularity_answers_where_there_is_no_history():
    assert ranks(([], 5), ([1], 5)) == [1, 4]  # item 5 is the most popular, and the model's last


def test_the_frame_says_which_targets_were_seen_in_the_order_of_the_questions():
    frame = rank_questions(Falling(), questions(([1, 2, 3], 2), ([4], 1), ([1, 2], 1)), POPULARITY)
    assert frame["question"].to_list() == [0, 1, 2]
    assert frame["seen"].to_list() == [True, False, True]
    assert frame["target"].to_list() == [2, 1, 1]


def test_a_list_and_a_rank_agree_where_people_come_back_to_the_same_items():
    """Everybody alternates between two items: no list would hold the next one, so nothing is a hit."""
    pairs = ["ab", "cd", "ef", "gh"]  # eight users each
    log = pl.DataFrame(
        {
            "user": [user for user in range(32) for _ in range(6)],
            "item": [item for pair in pairs for _ in range(8) for item in pair * 3],
        }
    )
    rec = Recommender.fit(log, model="markov")

    assert rec.evaluate()["HR@5"] == 0
    assert set(rec.recommend(users=[0], k=8)["item"]) == set("cdefgh")  # a and b are left out
    again = Recommender.fit(log, model="markov", exclude_seen=False)
    assert again.evaluate()["HR@5"] == 1
    assert again.recommend(users=[0], k=1)["item"].to_list() == ["a"]


def test_a_run_warns_that_held_out_items_were_had_before(tmp_path):
    from miqrec.data.sequences import Sequences
    from miqrec.runs.run import run
    from worlds import dataset_of, small

    flat = np.array([1, 2, 1, 2, 1, 2, 3, 4], np.int32)
    data = dataset_of(Sequences(flat, np.array([0, 4, 8]), n_items=4))

    with pytest.warns(MiqrecWarning, match=r"50\.0% of the held-out items .* exclude_seen=False"):
        metrics = run(small("popularity", data), tmp_path / "run")

    assert (metrics.questions, metrics.seen_targets, metrics.unknown_targets) == (2, 1, 0)
