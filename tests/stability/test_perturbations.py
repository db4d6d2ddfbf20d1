"""Noise in histories: each kind by hand, all kinds against plain loops, and what noise must never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.stability import PERTURBATIONS, Perturbation, draws, perturb
from miqrec.stability.perturbations import named_perturbation, read_perturbations
from reference.perturbations import perturbed

N_ITEMS = 12
COUNTS = np.array([3, 0, 5, 1, 1, 8, 2, 0, 4, 1, 1, 6])
ADDING = [
    perturbation
    for perturbation in PERTURBATIONS
    if perturbation.kind.endswith(("added", "replaced"))
]

ASKED = st.lists(
    st.tuples(st.lists(st.integers(1, N_ITEMS), max_size=8), st.integers(0, N_ITEMS)),
    min_size=1,
    max_size=6,
)


def questions(asked: list[tuple[list[int], int]], users: list[int] | None = None) -> Questions:
    """Histories and targets, of users 0, 1, ... unless others are named."""
    lengths = np.array([len(history) for history, _ in asked])
    flat = np.array([item for history, _ in asked for item in history], np.int32)
    stops = lengths.cumsum()
    return Questions(
        items=flat,
        users=np.array(users or range(len(asked))),
        starts=stops - lengths,
        stops=stops,
        n_items=N_ITEMS,
        n_users=100,
        targets=np.array([target for _, target in asked], np.int32),
    )


def histories(asked: Questions) -> list[list[int]]:
    parts = zip(asked.starts, asked.stops, strict=True)
    return [asked.items[start:stop].tolist() for start, stop in parts]


def noisy(kind, *asked, share=None, seed=0, draw=0, counts=COUNTS):
    perturbation = Perturbation(kind=kind, share=share)
    return histories(perturb(questions(list(asked)), perturbation, counts, seed=seed, draw=draw))


def test_the_newest_is_dropped_where_there_is_one():
    assert noisy("newest-dropped", ([1, 2, 3], 4), ([5], 6), ([], 1)) == [[1, 2], [], []]


def test_the_two_newest_are_swapped_where_there_are_two():
    assert noisy("newest-swapped", ([1, 2, 3], 4), ([5], 6), ([], 1)) == [[1, 3, 2], [5], []]


def test_one_item_anywhere_is_dropped():
    whole = [1, 2, 3, 4]
    kept = [noisy("one-dropped", (whole, 9), draw=draw)[0] for draw in range(40)]
    assert {tuple(sorted(set(whole) - set(items))) for items in kept} == {(1,), (2,), (3,), (4,)}
    assert all(items == sorted(items) and len(items) == 3 for items in kept)


def test_an_added_item_is_the_only_one_that_is_left():
    history = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]  # of 12 items; 11 is the target, so 12 is free
    assert noisy("random-added", (history, 11)) == [[*history, 12]]
    assert noisy("newest-replaced", (history, 11)) == [[*history[:-1], 12]]
    assert noisy("share-replaced", (history, 11), share=1.0) == [[12] * 10]


def test_popular_items_are_added_as_often_as_they_are_popular():
    asked = [([1, 1, 6], 12)] * 20000  # without items 1, 6 and 12 the counts sum to 15
    added = [history[-1] for history in noisy("popular-added", *asked)]
    shares = np.bincount(added, minlength=N_ITEMS + 1)[1:] / len(asked)
    expected = np.where(np.isin(np.arange(1, 13), [1, 6, 12]), 0, COUNTS) / 15
    assert shares == pytest.approx(expected, abs=0.012)


def test_random_items_are_added_evenly():
    asked = [([2, 3, 4], 0)] * 18000
    added = [history[-1] for history in noisy("random-added", *asked)]
    shares = np.bincount(added, minlength=N_ITEMS + 1)[1:]
    assert shares[[1, 2, 3]].tolist() == [0, 0, 0]
    assert np.delete(shares, [1, 2, 3]) == pytest.approx(2000, abs=180)


def test_a_share_is_how_likely_each_item_is_replaced():
    asked = [([1, 2, 3, 4], 0)] * 5000
    for share in (0.1, 0.5):
        flat = np.array(noisy("share-replaced", *asked, share=share))
        assert (flat > 4).mean(0) == pytest.approx(share, abs=0.025)


def test_what_a_small_share_replaces_a_larger_one_replaces_too():
    asked = [([1, 2, 3, 4], 0)] * 50
    little, much = (np.array(noisy("share-replaced", *asked, share=s)) for s in (0.2, 0.6))
    assert (much[little > 4] == little[little > 4]).all()


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda p: p.name)
@given(asked=ASKED, seed=st.integers(0, 3), draw=st.integers(0, 3))
@settings(deadline=None, max_examples=25)
def test_every_kind_is_what_plain_loops_make(perturbation, asked, seed, draw):
    found = perturb(questions(asked), perturbation, COUNTS + 1, seed=seed, draw=draw)

    for user, ((history, target), changed) in enumerate(zip(asked, histories(found), strict=True)):

        def number(what: str, place: int, user: int = user) -> float:
            one, step = np.array([place]), {"item": 0, "place": 1}[what]
            return draws.uniforms(seed, draw, np.array([user]), one, step=step)[0]

        kind, share = perturbation.kind, perturbation.share or 0
        assert changed == perturbed(kind, history, target, COUNTS + 1, share, number)


@pytest.mark.parametrize("perturbation", ADDING, ids=lambda p: p.name)
@given(asked=ASKED)
@settings(deadline=None, max_examples=25)
def test_noise_is_never_a_seen_item_and_never_the_target(perturbation, asked):
    found = histories(perturb(questions(asked), perturbation, COUNTS + 1, seed=0, draw=0))
    for (history, target), changed in zip(asked, found, strict=True):
        assert target not in set(changed) - set(history)
        new = changed[len(history) :] or [
            item for item, old in zip(changed, history, strict=True) if item != old
        ]
        assert not set(new) & {*history, target}


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda p: p.name)
def test_a_users_noise_depends_on_nobody_else(perturbation):
    asked = [([1, 2, 3], 4), ([5, 6], 7), ([8, 9, 10, 11], 1)]
    together = perturb(questions(asked), perturbation, COUNTS, seed=1, draw=2)
    alone = perturb(questions(asked[2:], users=[2]), perturbation, COUNTS, seed=1, draw=2)
    assert histories(alone)[0] == histories(together)[2]


def test_everything_but_the_histories_stays():
    asked = questions([([1, 2, 3], 4), ([5, 6], 7)], users=[40, 7])
    before = asked.items.copy()
    found = perturb(asked, Perturbation(kind="random-added"), COUNTS, seed=0, draw=0)
    assert found.users.tolist() == [40, 7]
    assert found.targets.tolist() == [4, 7]
    assert (found.n_items, found.n_users) == (N_ITEMS, 100)
    assert (asked.items == before).all()


def test_draws_users_and_seeds_have_numbers_of_their_own():
    users, places = np.repeat(np.arange(400), 10), np.tile(np.arange(10), 400)
    one = draws.uniforms(0, 0, users, places)
    others = [
        draws.uniforms(1, 0, users, places),
        draws.uniforms(0, 1, users, places),
        draws.uniforms(0, 0, users, places, step=1),
        draws.uniforms(0, 0, users + 1, places),
        draws.uniforms(0, 0, users, places + 1),
    ]
    assert ((one >= 0) & (one < 1)).all()
    assert np.histogram(one, 10, (0, 1))[0] == pytest.approx(400, abs=80)
    for other in others:
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.06
    assert len(np.unique(one)) == len(one)


def test_numbers_are_mixed_as_splitmix64_mixes_them():
    """The first outputs of the generator that is seeded with 1234567, as published."""
    states = np.array([1234567], np.uint64) + np.arange(1, 4, dtype=np.uint64) * draws.GOLDEN
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert draws._mixed(states).tolist() == published


def test_the_numbers_are_pinned_since_results_rest_on_them():
    numbers = draws.uniforms(3, 1, np.array([0, 1, 1]), np.array([0, 0, 5]))
    assert numbers.tolist() == [0.016939840483823132, 0.6307250612987109, 0.8257465394295029]


def test_a_user_who_has_had_all_items_is_refused_in_one_sentence():
    everything = list(range(1, N_ITEMS + 1))
    with pytest.raises(MiqrecError, match="has had all items"):
        noisy("random-added", (everything, 0))
    with pytest.raises(MiqrecError, match="has had all items"):
        noisy("popular-added", ([1], 0), counts=np.eye(1, N_ITEMS, dtype=int)[0])


@pytest.mark.parametrize(
    "values", [{"kind": "share-replaced"}, {"kind": "random-added", "share": 0.1}]
)
def test_a_share_belongs_to_the_kind_that_replaces_one(values):
    with pytest.raises(ValidationError, match="a share belongs to"):
        Perturbation(**values)


def test_seeds_and_draws_count_from_zero():
    for numbers in ({"seed": -1}, {"draw": -1}):
        with pytest.raises(MiqrecError, match="of the noise is -1; give 0 or more"):
            noisy("random-added", ([1, 2], 3), **numbers)


def test_noises_are_read_by_name_once_each():
    added = Perturbation(kind="random-added")
    assert read_perturbations(["random-added", added, "share-replaced-0.2"]) == [
        added,
        Perturbation(kind="share-replaced", share=0.2),
    ]
    assert read_perturbations("random-added") == [added]
    with pytest.raises(MiqrecError, match="no noise is asked for"):
        read_perturbations([])


def test_shares_that_differ_have_names_that_differ():
    shares = (1 / 3, 0.333333, 0.33333334)
    named = [Perturbation(kind="share-replaced", share=share) for share in shares]
    assert [noise.name for noise in named] == [
        "share-replaced-0.3333333333333333",
        "share-replaced-0.333333",
        "share-replaced-0.33333334",
    ]
    assert [named_perturbation(noise.name) for noise in named] == named
