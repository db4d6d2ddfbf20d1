"""The demo is what its description says, and the truth it tells is the truth."""

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from miqrec.data.demo.generate import SHORTEST, Demo, DemoConfig, generate, noise_interactions
from miqrec.data.demo.world import make_world

SMALL = DemoConfig(n_users=300, n_items=100, n_genres=4, mean_length=20)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return generate()


@pytest.fixture(scope="module")
def log(demo) -> pl.DataFrame:
    """The clicks of each user in order, with whether they are noise and their main genre."""
    genres = demo.items.select("item", genre=pl.col("attributes").list.first())
    noise = pl.Series("noise", demo.is_noise)
    return demo.interactions.with_columns(noise).join(genres, "item", maintain_order="left")


def histories(demo: Demo) -> list[np.ndarray]:
    """Each user's items as columns of `next_probabilities`, in the order of its rows."""
    columns = {item: column for column, item in enumerate(demo.items["item"])}
    by_user = demo.interactions.group_by("user").agg("item")
    items = dict(by_user.iter_rows())
    return [np.array([columns[item] for item in items[user]]) for user in demo.users]


def hit_rate(scores: np.ndarray, users: list[np.ndarray], k: int = 10) -> float:
    """HR@k of each user's last item among those not met before; ties count against the model."""
    hits = []
    for row, items in zip(scores, users, strict=True):
        open_items = np.delete(np.arange(len(row)), items)
        rank = 1 + (row[open_items] >= row[items[-1]]).sum()
        hits.append(rank <= k)
    return float(np.mean(hits))


def transitions(users: list[np.ndarray], n_items: int) -> np.ndarray:
    """How often b came right after a, the users' last items left out."""
    counts = np.zeros((n_items, n_items))
    for items in users:
        np.add.at(counts, (items[:-2], items[1:-1]), 1)
    return counts


def popularity(users: list[np.ndarray], n_items: int) -> np.ndarray:
    return np.bincount(np.concatenate([items[:-1] for items in users]), minlength=n_items)


def test_the_same_seed_gives_the_same_data_and_another_seed_others():
    one, same, other = (
        generate(SMALL),
        generate(SMALL),
        generate(SMALL.model_copy(update={"seed": 1})),
    )
    assert one.interactions.equals(same.interactions)
    assert one.items.equals(same.items)
    assert one.users.equals(same.users)
    assert (one.is_noise == same.is_noise).all()
    assert (one.next_probabilities == same.next_probabilities).all()
    assert not one.interactions.equals(other.interactions)


def test_it_has_the_stated_size(demo):
    assert demo.interactions["user"].n_unique() == len(demo.users) == 1500
    lengths = demo.interactions.group_by("user").len()["len"]
    assert lengths.min() == SHORTEST
    assert lengths.mean() == pytest.approx(40, rel=0.1)
    assert len(demo.is_noise) == len(demo.interactions)


def test_every_item_occurs_and_no_user_meets_one_twice(demo):
    assert set(demo.interactions["item"]) == set(demo.items["item"])
    assert demo.interactions.select("user", "item").is_unique().all()


def test_names_can_be_read_and_are_unique(demo):
    assert demo.users.str.contains(r"^user-\d{4}$").all()
    assert demo.users.is_unique().all()
    assert demo.items["item"].str.contains(r"^the-[a-z]+-[a-z]+$").all()
    assert demo.items["title"].str.contains(r"^The [A-Z][a-z]+ [A-Z][a-z]+$").all()
    assert demo.items["item"].is_unique().all()
    assert demo.items["attributes"].list.len().is_in([1, 2]).all()
    assert demo.items["attributes"].explode().n_unique() == 10


def test_the_log_is_in_order_of_time_and_no_user_clicks_twice_at_once(demo):
    assert demo.interactions["time"].is_sorted()
    assert demo.interactions.select("user", "time").is_unique().all()


@pytest.mark.parametrize("noise", [0, 0.15, 0.6, 1])
def test_the_share_of_noise_clicks_is_the_stated_one(noise):
    is_noise = generate(SMALL.model_copy(update={"noise": noise})).is_noise
    standard_error = (noise * (1 - noise) / len(is_noise)) ** 0.5
    assert abs(is_noise.mean() - noise) <= 4 * standard_error


def test_noise_clicks_are_drawn_by_popularity_alone(log):
    favourite = pl.col("genre").mode().sort().first().over("user")
    clicks = log.with_columns(in_favourite=pl.col("genre") == favourite)
    share = dict(clicks.group_by("noise").agg(pl.col("in_favourite").mean()).iter_rows())
    assert share[True] == pytest.approx(1 / 10, abs=0.03)  # one genre of ten
    assert share[False] > 0.3


def test_noise_clicks_leave_no_trace(log):
    """What is likely after an item when it was meant is not when it was noise."""
    genre = ("user", "genre")
    meant = log.filter(~pl.col("noise"))
    pairs = meant.with_columns(next=pl.col("item").shift(-1).over(genre)).drop_nulls("next")
    likely = pairs.group_by("item").agg(likely=pl.col("next").mode().sort().first())
    next_meant = pl.when(~pl.col("noise")).then("item").shift(-1).backward_fill().over(genre)
    followed = log.with_columns(next=next_meant).drop_nulls("next").join(likely, "item")
    hits = followed.group_by("noise").agg((pl.col("next") == pl.col("likely")).mean())
    share = dict(hits.iter_rows())
    assert share[False] > 0.3
    assert share[True] < 0.5 * share[False]


def test_items_are_long_tailed(demo):
    counts = demo.interactions["item"].value_counts(sort=True)["count"].to_numpy()
    assert counts[:40].sum() > 0.27 * counts.sum()  # a tenth of the items
    assert counts[200:].sum() < 0.26 * counts.sum()  # half of them
    assert counts[0] > 7 * counts[200]


def test_interests_drift(log):
    """A user's favourite genre differs between halves more often than between odd and even clicks."""
    meant = log.filter(~pl.col("noise") & (pl.len().over("user") >= 40))
    place = pl.int_range(pl.len()).over("user")
    late = place >= pl.len().over("user") // 2

    def changes(part: pl.Expr) -> float:
        favourite = pl.col("genre").mode().sort().first()
        favourites = meant.group_by("user", part.alias("part")).agg(favourite)
        return (favourites.group_by("user").agg(pl.col("genre").n_unique())["genre"] > 1).mean()

    assert changes(late) > 0.7
    assert changes(late) > 1.5 * changes(place % 2)


def test_order_matters_beyond_the_genre(log):
    """What follows an item in its genre is one of few, unless the order is shuffled."""
    meant = log.filter(~pl.col("noise"))
    shuffled = meant.sample(fraction=1, shuffle=True, seed=0)

    def commonest_share(clicks: pl.DataFrame) -> float:
        pairs = clicks.with_columns(next=pl.col("item").shift(-1).over("user", "genre"))
        counts = pairs.drop_nulls("next").group_by("item", "next").len()
        top = counts.group_by("item").agg(pl.col("len").max() / pl.col("len").sum())
        return top["len"].mean()

    assert commonest_share(meant) > 1.5 * commonest_share(shuffled)


def test_the_truth_is_a_distribution_over_what_is_not_yet_met(demo):
    truth = demo.next_probabilities
    assert np.allclose(truth.sum(axis=1), 1)
    for row, items in zip(truth, histories(demo), strict=True):
        assert (row[items[:-1]] == 0).all()
        assert row[items[-1]] > 0


def test_the_true_interest_is_the_truth_without_its_noise(demo):
    for row, interest, items in zip(
        demo.next_probabilities, demo.true_interests, histories(demo), strict=True
    ):
        by_chance = 1 / np.arange(1, len(row) + 1)
        by_chance[items[:-1]] = 0
        by_chance /= by_chance.sum()
        assert interest.sum() == pytest.approx(1)
        assert row == pytest.approx(0.15 * by_chance + 0.85 * interest)


def test_last_clicks_that_are_meant_come_from_the_true_interest(demo):
    """The ten best of it hold them as often as it says; those that are noise it hardly ever holds."""
    last = demo.interactions.with_columns(noise=pl.Series(demo.is_noise)).group_by("user").last()
    is_noise = dict(last.select("user", "noise").iter_rows())
    noisy = np.array([is_noise[user] for user in demo.users])
    users = histories(demo)

    def share_of_hits(rows):
        return hit_rate(demo.true_interests[rows], [users[row] for row in rows])

    meant = np.flatnonzero(~noisy)
    best = np.sort(demo.true_interests[meant], axis=1)[:, -10:].sum(axis=1)
    assert abs(share_of_hits(meant) - best.mean()) < 4 * np.sqrt(
        (best * (1 - best)).mean() / len(best)
    )
    assert share_of_hits(np.flatnonzero(noisy)) < 0.4 * best.mean()


def test_the_truth_is_calibrated(demo):
    """If last items come from these distributions, they hit each one's ten best this often."""
    best = np.sort(demo.next_probabilities, axis=1)[:, -10:].sum(axis=1)
    measured = hit_rate(demo.next_probabilities, histories(demo))
    standard_error = np.sqrt((best * (1 - best)).mean() / len(best))
    assert abs(measured - best.mean()) < 4 * standard_error


def test_last_items_are_as_popular_as_the_truth_says(demo):
    truth, rank = demo.next_probabilities, np.arange(len(demo.items))
    last = np.array([items[-1] for items in histories(demo)])
    variance = truth @ rank**2 - (truth @ rank) ** 2
    standard_error = np.sqrt(variance.mean() / len(last))
    assert abs((rank[last] - truth @ rank).mean()) < 4 * standard_error


def test_with_nothing_but_noise_the_truth_is_popularity():
    demo = generate(SMALL.model_copy(update={"noise": 1.0}))
    by_rank = 1 / np.arange(1, 101)
    for row, items in zip(demo.next_probabilities, histories(demo), strict=True):
        left = by_rank.copy()
        left[items[:-1]] = 0
        assert row == pytest.approx(left / left.sum())


def test_whoever_knows_more_ranks_better(demo):
    """Popularity, then the last item by counting, then the truth: each is clearly ahead."""
    users, n_items = histories(demo), len(demo.items)
    by_popularity = hit_rate(np.tile(popularity(users, n_items), (len(users), 1)), users)
    counts = transitions(users, n_items) + popularity(users, n_items) / 1e6
    by_last_item = hit_rate(counts[[items[-2] for items in users]], users)
    by_truth = hit_rate(demo.next_probabilities, users)
    assert by_popularity == pytest.approx(0.16, abs=0.03)
    assert by_last_item > 1.5 * by_popularity
    assert by_truth > 2 * by_last_item


def test_what_follows_an_item_is_a_distribution_within_its_genre():
    world = make_world(60, 3, np.random.default_rng(0))
    assert np.allclose(world.following.sum(axis=1), 1)
    assert (np.diag(world.following) == 0).all()
    assert (world.following[world.main[:, None] != world.main] == 0).all()
    assert [world.first[world.main == genre].sum() for genre in range(3)] == pytest.approx([1] * 3)


def test_a_world_of_one_user_works():
    demo = generate(DemoConfig(n_users=1, n_items=60, n_genres=12, mean_length=6))
    assert demo.interactions["user"].unique().to_list() == ["user-1"]


@pytest.mark.parametrize(
    "wrong", [{"noise": 1.5}, {"n_items": 10}, {"n_genres": 13}, {"mean_length": 5}, {"items": 9}]
)
def test_a_world_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        DemoConfig(**wrong)


def test_pure_noise_is_uniform_and_without_repeats():
    log = noise_interactions(n_users=500, n_items=60, length=12)
    assert log.columns == ["user", "item", "time"]
    assert log.group_by("user").agg(pl.col("item").n_unique())["item"].unique().to_list() == [12]
    counts = log["item"].value_counts()["count"].to_numpy()
    expected = 500 * 12 / 60
    assert len(counts) == 60
    assert abs(counts - expected).max() < 5 * (expected * (1 - 12 / 60)) ** 0.5
    assert log.equals(noise_interactions(500, 60, 12))
    assert not log.equals(noise_interactions(500, 60, 12, seed=1))


def test_on_pure_noise_popularity_is_at_chance():
    log = noise_interactions(n_users=2000, n_items=60, length=12)
    columns = {item: column for column, item in enumerate(log["item"].unique().sort())}
    users = [
        np.array([columns[i] for i in items])
        for _, items in log.group_by("user").agg("item").rows()
    ]
    # Ties count against the model, so a little noise of our own breaks them.
    scores = popularity(users, 60) + np.random.default_rng(0).random((2000, 60))
    chance = 10 / (60 - 12 + 1)
    assert abs(hit_rate(scores, users) - chance) < 4 * (chance * (1 - chance) / 2000) ** 0.5
