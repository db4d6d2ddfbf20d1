"""What is measured: worked out by hand on a model that shows what it read, and against evaluation itself."""

import numpy as np
import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from torch import Tensor

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation import ListRequest, rank_questions, recommend_lists
from miqrec.evaluation.inference import InferenceConfig
from miqrec.models.popularity import popularity_scores
from miqrec.runs.fit import fit
from miqrec.stability import PERTURBATIONS, Perturbation, measure, measure_stability, sample_users
from worlds import cycle, small

N_ITEMS = 8
POPULARITY = torch.arange(N_ITEMS + 1.0)
COUNTS = np.ones(N_ITEMS, int)


class Nearest:
    """Scores an item by how near its number is to the newest item's, larger numbers first."""

    max_length = 3

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        newest = items.gather(1, (lengths - 1).unsqueeze(1))
        return -(torch.arange(N_ITEMS + 1.0) - 0.25 - newest).abs()

    def eval(self) -> "Nearest":
        return self

    def to(self, device: object) -> "Nearest":
        return self


def questions(*asked: tuple[list[int], int]) -> Questions:
    lengths = np.array([len(history) for history, _ in asked])
    stops = lengths.cumsum()
    return Questions(
        items=np.array([item for history, _ in asked for item in history], np.int32),
        users=np.arange(len(asked)),
        starts=stops - lengths,
        stops=stops,
        n_items=N_ITEMS,
        n_users=len(asked),
        targets=np.array([target for _, target in asked], np.int32),
    )


def measured(asked: Questions, kind: str, k: int = 3, **inference: object) -> dict[str, object]:
    request = ListRequest(Nearest(), POPULARITY, k, InferenceConfig(**inference))
    perturbation = Perturbation(kind=kind)
    return measure_stability(request, asked, COUNTS, [perturbation], draws=1).row(0, named=True)


def test_dropping_the_newest_by_hand():
    """After 2 then 6 the list is 7 5 8, and after 2 alone 3 1 4: 6 stays out, though 6 wasn't read."""
    row = measured(questions(([2, 6], 5)), "newest-dropped", k=3)
    assert row["frbo"] == 0
    assert row["clean_rank"] == 2
    assert row["rank"] == 4  # 3 1 4 5
    assert (row["noise"], row["draw"], row["question"], row["user"]) == ("newest-dropped", 0, 0, 0)


def test_swapping_the_newest_two_by_hand():
    """After 4 5 the list is 6 7 3 8, and after 5 4 it is 3 6 2 7."""
    row = measured(questions(([4, 5], 7)), "newest-swapped", k=4)
    p, norm = 0.9, (1 - 0.9) / (1 - 0.9**4)
    assert row["frbo"] == pytest.approx(norm * (0 / 1 + p * 1 / 2 + p**2 * 2 / 3 + p**3 * 3 / 4))
    assert row["jaccard"] == 3 / 5
    assert (row["clean_rank"], row["rank"]) == (2, 4)


def test_what_is_seen_is_a_miss_and_with_no_exclusion_it_is_not():
    row = measured(questions(([4, 5], 4)), "newest-swapped")
    assert (row["clean_rank"], row["rank"]) == (N_ITEMS, N_ITEMS)
    row = measured(questions(([4, 5], 4)), "newest-swapped", exclude_seen=False)
    assert (row["clean_rank"], row["rank"]) == (3, 1)  # 5 6 4, and 4


def test_popularity_answers_where_the_only_item_was_dropped():
    row = measured(questions(([4], 8)), "newest-dropped")
    assert row["rank"] == 1  # item 8 is the most popular
    assert row["clean_rank"] == 7


def test_the_added_item_is_itself_a_candidate():
    """It is unseen in the clean history, so both lists may hold it: nothing is left out of one alone."""
    asked = questions(*(([1, 2], 8) for _ in range(200)))
    request = ListRequest(Nearest(), POPULARITY, N_ITEMS - 2)
    noise = measure.Noise(Perturbation(kind="random-added"), COUNTS, 0, 0)
    noisy = measure.answers(request, asked, noise)
    assert (noisy.lists.sort(1).values == torch.arange(3, N_ITEMS + 1)).all()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    plan = small("sasrec", cycle(), epochs=2)
    artifact = fit(plan, tmp_path_factory.mktemp("run"))
    return artifact.model, plan.splits


@pytest.mark.parametrize("mix", [None, "0.6 0.4"])
def test_clean_answers_are_those_of_evaluation_and_of_recommending(trained, mix):
    model, splits = trained
    inference = InferenceConfig(mix=mix)
    request = ListRequest(model, popularity_scores(splits.train), 10, inference)
    found = measure.answers(request, splits.test)

    ranked = rank_questions(model, splits.test, request.popularity, inference)
    assert found.ranks.tolist() == ranked["rank"].to_list()
    lists = recommend_lists(request, splits.test)
    assert found.lists[found.lists > 0].tolist() == lists["id"].to_list()  # 0: nothing is left


def test_all_perturbations_are_measured_in_draws_that_differ(trained):
    model, splits = trained
    request = ListRequest(model, popularity_scores(splits.train), 10)
    counts = np.ones(splits.test.n_items, int)
    frame = measure_stability(request, splits.test, counts, draws=2)

    rows = frame.group_by("noise", maintain_order=True).agg(pl.col("draw").max() + 1, pl.len())
    n = len(splits.test.users)
    assert rows.rows() == [
        (p.name, draws, draws * n)
        for p in PERTURBATIONS
        for draws in [1 if p.kind in ("newest-dropped", "newest-swapped") else 2]
    ]
    first, second = (frame.filter(noise="random-added", draw=draw)["rank"] for draw in (0, 1))
    assert (first != second).any()
    again = measure_stability(request, splits.test, counts, draws=2)
    assert_frame_equal(frame, again)


def test_similarity_falls_with_the_share_that_is_replaced(trained):
    model, splits = trained
    request = ListRequest(model, popularity_scores(splits.train), 10)
    shares = [Perturbation(kind="share-replaced", share=share) for share in (0.05, 0.2, 0.5, 1.0)]
    frame = measure_stability(request, splits.test, np.ones(20, int), shares, draws=3)
    means = frame.group_by("noise", maintain_order=True).agg(pl.col("frbo", "jaccard").mean())
    for similarity in ("frbo", "jaccard"):
        values = means[similarity].to_list()
        assert values == sorted(values, reverse=True)
        assert values[0] < 1


def test_a_sample_of_users_gets_the_noise_that_all_users_would_have(trained):
    model, splits = trained
    request = ListRequest(model, popularity_scores(splits.train), 10)
    sample = sample_users(splits.test, 30, seed=5)
    assert len(np.unique(sample.users)) == 30
    assert sample_users(splits.test, 30, seed=5).users.tolist() == sample.users.tolist()
    assert sample_users(splits.test, 30, seed=6).users.tolist() != sample.users.tolist()

    noise = [Perturbation(kind="random-added")]
    some, whole = (
        measure_stability(request, asked, np.ones(20, int), noise, draws=1)
        for asked in (sample, splits.test)
    )
    expected = whole.filter(pl.col("user").is_in(sample.users.tolist()))
    assert_frame_equal(some.drop("question"), expected.drop("question"))


def test_no_draws_and_too_few_users_are_refused(trained):
    model, splits = trained
    request = ListRequest(model, popularity_scores(splits.train), 10)
    with pytest.raises(MiqrecError, match="0 draws measure nothing"):
        measure_stability(request, splits.test, np.ones(20, int), draws=0)
    with pytest.raises(MiqrecError, match="1 users are too few"):
        sample_users(splits.test, 1, seed=0)


def test_lists_of_ten_need_ten_items_and_a_held_out_item_that_they_could_hold():
    ten = ListRequest(Nearest(), POPULARITY, 10)
    with pytest.raises(MiqrecError, match="the model knows 8 items, too few for the lists of 10"):
        measure_stability(ten, questions(([1, 2], 3)), COUNTS, ["newest-dropped"])
    with pytest.raises(MiqrecError, match="knows none of the held-out items"):
        measured(questions(([1, 2], 0)), "newest-dropped")


def test_a_recommender_measures_itself_with_what_was_saved_with_it():
    from miqrec import Recommender
    from miqrec.testing.frames import circle

    rec = Recommender.fit(circle(60, 20, 12), model="markov", exclude_seen=False)
    noise = [Perturbation(kind="newest-swapped")]
    frame = rec.stability("valid", perturbations=noise, users=20)

    assert frame["user"].n_unique() == 20
    assert frame["clean_rank"].to_list() == [1] * 20  # Markov knows the circle
    assert (frame["rank"] > 1).all()
    assert_frame_equal(rec.stability("valid", perturbations=["newest-swapped"], users=20), frame)
    with pytest.raises(MiqrecError, match="the seed of the noise is -1; give 0 or more"):
        rec.stability("valid", perturbations=["newest-dropped"], seed=-1)


def test_several_ways_at_once_are_what_each_is_alone(trained):
    model, splits = trained
    request = ListRequest(model, popularity_scores(splits.train), 10)
    ways = [InferenceConfig(mix=mix) for mix in ("1", "0.6 0.4", "0.5 0.3 0.2")]
    noise = measure.Noise(Perturbation(kind="random-added"), np.ones(20, int), 0, 0)
    clean = measure.answers_each_way(request, ways, splits.test)
    together = measure.measure_noise(request, ways, splits.test, clean, noise, 2)

    for way, frame in zip(ways, together, strict=True):
        alone = measure_stability(
            request._replace(inference=way),
            splits.test,
            np.ones(20, int),
            [noise.perturbation],
            draws=2,
        )
        assert_frame_equal(frame, alone)
