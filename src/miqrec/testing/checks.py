"""What must hold for a model, one function a property; each takes the model's config.

The properties of a model that was built are checked on random histories of a few items. Those of one that
was fitted go through `Recommender`, as its users do.
"""

import math
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor

from miqrec.data.batches.training import TrainingExamples
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import score_items
from miqrec.export.program import trace
from miqrec.models.growth import take_over
from miqrec.models.protocol import Learner, Model, NamedConfig, learns
from miqrec.models.registry import build_model
from miqrec.recommender import Recommender
from miqrec.runs.settings import settings
from miqrec.system.seeds import seeded
from miqrec.testing.frames import NOISE_ITEMS, NOISE_LENGTH, NOISE_USERS, circle, noise, small_demo
from miqrec.training.config import TrainingConfig
from miqrec.training.objective import make_objective

N_ITEMS, LENGTH = 20, 9

QUICK = {"epochs": 3, "batch_size": 32, "learning_rate": 0.01}
"""A training that takes a second."""

_tried = hypothesis_settings(max_examples=15, deadline=None)


@given(lengths=st.lists(st.integers(1, LENGTH), min_size=2, max_size=5))
@_tried
def the_rest_of_the_batch_changes_no_score(config: NamedConfig, lengths: list[int]) -> None:
    """Whatever histories are scored together, each has the scores that it has alone."""
    model, (items, sizes) = fresh(config), _histories(*lengths)

    together = model.scores(items, sizes)

    for row, length in enumerate(lengths):
        alone = model.scores(items[row : row + 1, :length], sizes[row : row + 1])
        _assert_close(alone[0], together[row])


def scores_are_float32_for_all_items_and_padding(config: NamedConfig) -> None:
    """Ranking takes a column for each id, padding's 0 among them, also while training is in bfloat16."""
    model = fresh(config)

    for reduced in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
            scores = model.scores(*_histories(3, 5))
        assert scores.shape == (2, N_ITEMS + 1)
        assert scores.dtype == torch.float32


def a_longer_history_is_cut_to_its_newest_part(config: NamedConfig) -> None:
    """Check that a history longer than `max_length` has the scores of its newest `max_length` items."""
    model = fresh(config)
    items, lengths = _histories(model.max_length + 7)
    newest = items[:, -model.max_length :]

    _assert_close(
        model.scores(items, lengths), model.scores(newest, torch.tensor([newest.shape[1]]))
    )


def saving_and_loading_changes_no_score(config: NamedConfig) -> None:
    """Check that a saved folder holds all that decides the scores, and the config comes back as it was."""
    fitted = _fit(config, circle())
    with TemporaryDirectory() as folder:
        fitted.save(Path(folder) / "model")
        loaded = Recommender.load(Path(folder) / "model")

    histories = _histories(1, 4, LENGTH)
    before, after = (each.artifact.model.eval() for each in (fitted, loaded))
    assert torch.equal(before.scores(*histories), after.scores(*histories))
    assert loaded.artifact.config == fitted.artifact.config
    assert loaded.artifact.config.model == config
    assert loaded.artifact.catalogue.frame.equals(fitted.artifact.catalogue.frame)
    assert loaded.artifact.counts.tolist() == fitted.artifact.counts.tolist()


def its_scores_are_exported_for_every_batch_and_length(config: NamedConfig) -> None:
    """Check that `torch.export` makes a program of the scores, as `miqrec export` needs it."""
    model, popularity = fresh(config), torch.arange(N_ITEMS + 1).float()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MiqrecWarning)  # a model may be padded to one length
        program = trace(model, popularity, InferenceConfig(), k=5).module()

    for items, lengths in (
        _histories(1),
        _histories(LENGTH, 2, 3),
        _histories(model.max_length + 7),
    ):
        nothing = torch.zeros(len(items), 1, dtype=torch.int64)
        _assert_close(
            program(items, lengths, nothing)[2][:, 1:], model.scores(items, lengths)[:, 1:]
        )


def its_settings_can_be_given_by_their_names(config: NamedConfig) -> None:
    """As recipes and command lines give them."""
    assert settings(config.name, **config.model_dump(exclude={"name"})).model == config


def fitting_again_with_the_same_seed_gives_the_same_scores(config: NamedConfig) -> None:
    """All random draws follow from the seed."""
    first, second = (_fit(config, circle()).artifact.model.eval() for _ in range(2))

    histories = _histories(3, LENGTH)
    assert torch.equal(first.scores(*histories), second.scores(*histories))


def on_noise_it_is_not_better_than_chance(config: NamedConfig) -> None:
    """Check that nothing beats chance on noise; a model that does has seen what it was to predict."""
    ranks = _fit(config, noise()).ranks("test")["rank"].to_torch()

    unseen = NOISE_ITEMS - (NOISE_LENGTH - 1)  # nobody meets an item twice
    chance = 10 / unseen
    deviation = math.sqrt(chance * (1 - chance) / NOISE_USERS)
    assert (ranks <= 10).double().mean() < chance + 3.5 * deviation


@given(
    position=st.integers(0, LENGTH - 2),
    later=st.lists(st.integers(1, N_ITEMS), min_size=LENGTH, max_size=LENGTH),
)
@_tried
def no_state_depends_on_a_later_item(config: NamedConfig, position: int, later: list[int]) -> None:
    """Other items behind a position leave its state, and those before it, as they were."""
    model, (items, lengths) = fresh_learner(config), _histories(LENGTH, LENGTH)
    changed = items.clone()
    changed[:, position + 1 :] = torch.tensor(later)[position + 1 :]

    before, after = model(items, lengths), model(changed, lengths)

    _assert_close(before[:, : position + 1], after[:, : position + 1])


@given(lengths=st.lists(st.integers(1, LENGTH), min_size=1, max_size=4), more=st.integers(1, 3))
@_tried
def padding_changes_no_valid_state(config: NamedConfig, lengths: list[int], more: int) -> None:
    """Check that the zeros behind a history are no part of it, however many there are."""
    model, (items, sizes) = fresh_learner(config), _histories(*lengths)
    padded = F.pad(items, (0, more))[:, : model.max_length]

    states, padded_states = model(items, sizes), model(padded, sizes)

    for row, length in enumerate(lengths):
        _assert_close(states[row, :length], padded_states[row, :length])
    _assert_close(model.last(items, sizes), model.last(padded, sizes))


@given(n=st.integers(1, LENGTH + 2))
@_tried
def last_gives_the_newest_rows_of_forward_and_repeats_the_first(
    config: NamedConfig, n: int
) -> None:
    """Check that the newest row comes first, and that a history of fewer than n repeats its first."""
    model, (items, lengths) = fresh_learner(config), _histories(1, 2, 5, LENGTH)

    rows = _newest_rows(lengths, n)

    _assert_close(model.last(items, lengths, n), model(items, lengths)[_column(4), rows])


def the_newest_states_of_a_longer_history_are_those_of_its_newest_part(
    config: NamedConfig,
) -> None:
    """Check that several states are read off one pass over the newest `max_length` items, as one state is."""
    model = fresh_learner(config)
    items, _ = _histories(model.max_length + 7)
    newest = items[:, -model.max_length :]
    n = min(3, model.max_length)

    whole = model.last(items, torch.tensor([items.shape[1]]), n)

    _assert_close(whole, model(newest, torch.tensor([newest.shape[1]]))[:, -n:].flip(1))


def all_weight_on_the_newest_answer_leaves_the_scores(config: NamedConfig) -> None:
    """Check that scores are products of the newest state and the vectors of items, up to a constant a row.

    That is what a mixture of several answers (`--mix`) takes every answer's scores to be.
    """
    model, (items, lengths) = fresh(config), _histories(1, 2, LENGTH)
    newest_alone = InferenceConfig(mix=(1.0, 0.0))

    mixed = score_items(model, items, lengths, torch.zeros(N_ITEMS + 1), newest_alone)

    _assert_close(mixed[:, 1:], model.scores(items, lengths)[:, 1:].log_softmax(1))


def last_has_the_gradients_of_the_rows_of_forward(config: NamedConfig) -> None:
    """Check that a shorter way to the newest states has the same gradients."""
    model, (items, lengths) = fresh_learner(config), _histories(1, 2, LENGTH)
    model.to(torch.float64)
    size = model.item_vectors().shape[1]
    direction = torch.linspace(-1, 1, 3 * 3 * size, dtype=torch.float64).view(3, 3, size)

    short = _gradients(model, (model.last(items, lengths, 3) * direction).sum())
    rows = model(items, lengths)[_column(3), _newest_rows(lengths, 3)]
    long = _gradients(model, (rows * direction).sum())

    torch.testing.assert_close(short, long)


def gradients_reach_every_parameter(config: NamedConfig) -> None:
    """Check that every parameter gets a gradient, but keys' biases, of which a softmax knows nothing."""
    model, (items, lengths) = fresh_learner(config), _histories(2, 4, LENGTH)

    scores = model(items, lengths) @ model.item_vectors().T
    loss = F.cross_entropy(scores.flatten(0, 1), items.flatten(), ignore_index=0)

    gradients = _gradients(model, loss)
    assert [name for name, value in gradients.items() if value is None or not value.any()] == []


def items_keep_their_scores_in_a_larger_catalogue(config: NamedConfig) -> None:
    """Check that a training may start from a model that didn't know the newest items yet."""
    old = fresh_learner(config)
    with seeded(1):
        new = build_model(config, N_ITEMS + 2).eval()
    known = np.append(np.arange(1, N_ITEMS + 1), [0, 0])

    take_over(cast(Learner, new), old, known)

    histories = _histories(1, 4, LENGTH)
    _assert_close(new.scores(*histories)[:, : N_ITEMS + 1], old.scores(*histories))


def a_batch_in_pieces_has_the_loss_and_the_gradients_of_the_whole(config: NamedConfig) -> None:
    """Training cuts a batch into pieces of similar length, which may change no more than rounding."""
    pieces, whole = _loss_and_gradients(config, 1), _loss_and_gradients(config, math.inf)

    torch.testing.assert_close(pieces, whole)


def a_circle_is_learned(config: NamedConfig) -> None:
    """Check that 40 epochs are enough to find an item that is certain to come next."""
    fitted = _fit(config, circle(), epochs=40, learning_rate=0.02)

    assert fitted.evaluate("test")["HR@5"] > 0.95


def more_of_the_demo_is_learned_than_counting_finds(config: NamedConfig) -> None:
    """Users of the demo drift from genre to genre, which neither popularity nor the last item shows."""
    ndcg = _fit(config, small_demo(), epochs=12).evaluate("test")["NDCG@10"]

    assert ndcg > 2 * _counted("popularity")
    assert ndcg > _counted("markov") + 0.02


FOR_ALL = (
    the_rest_of_the_batch_changes_no_score,
    scores_are_float32_for_all_items_and_padding,
    a_longer_history_is_cut_to_its_newest_part,
    saving_and_loading_changes_no_score,
    its_settings_can_be_given_by_their_names,
    fitting_again_with_the_same_seed_gives_the_same_scores,
    its_scores_are_exported_for_every_batch_and_length,
    on_noise_it_is_not_better_than_chance,
)
"""The checks of every model."""

FOR_LEARNERS = (
    no_state_depends_on_a_later_item,
    padding_changes_no_valid_state,
    last_gives_the_newest_rows_of_forward_and_repeats_the_first,
    the_newest_states_of_a_longer_history_are_those_of_its_newest_part,
    all_weight_on_the_newest_answer_leaves_the_scores,
    last_has_the_gradients_of_the_rows_of_forward,
    gradients_reach_every_parameter,
    items_keep_their_scores_in_a_larger_catalogue,
    a_batch_in_pieces_has_the_loss_and_the_gradients_of_the_whole,
    a_circle_is_learned,
    more_of_the_demo_is_learned_than_counting_finds,
)
"""The checks of models that are trained here."""


def fresh(config: NamedConfig) -> Model:
    """Build a model with the same weights each time, its dropout off."""
    with seeded(0):
        return build_model(config, N_ITEMS).eval()


def fresh_learner(config: NamedConfig) -> Learner:
    """Build a model that is trained here, likewise."""
    model = fresh(config)
    assert learns(model)
    return model


def _histories(*lengths: int) -> tuple[Tensor, Tensor]:
    """Random items (B, L), padded on the right to the longest, and the lengths (B,)."""
    generator = torch.Generator().manual_seed(sum(lengths))
    items = torch.randint(1, N_ITEMS + 1, (len(lengths), max(lengths)), generator=generator)
    columns = torch.arange(max(lengths))
    return items * (columns < torch.tensor(lengths).unsqueeze(1)), torch.tensor(lengths)


def _column(n: int) -> Tensor:
    return torch.arange(n).unsqueeze(1)


def _newest_rows(lengths: Tensor, n: int) -> Tensor:
    """Find the places (B, n) of the newest n items, newest first; the first one's where there are fewer."""
    return (lengths.unsqueeze(1) - 1 - torch.arange(n)).clamp(min=0)


def _assert_close(left: Tensor, right: Tensor) -> None:
    torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-5)


def _gradients(model: Learner, loss: Tensor) -> dict[str, Tensor | None]:
    """Collect the gradients of all parameters but keys' biases: a softmax ignores what all keys share."""
    model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if not name.endswith("key.bias")
    }


def _loss_and_gradients(config: NamedConfig, worth: float) -> list[Tensor]:
    """Of a batch of users with 3 to 9 items, cut where that saves `worth` padded positions."""
    lengths = np.array([3, LENGTH, 4, 3, 6])
    flat = np.random.default_rng(0).integers(1, N_ITEMS + 1, lengths.sum(), dtype=np.int32)
    stops, n_users = lengths.cumsum(), len(lengths)
    histories = Histories(flat, np.arange(n_users), stops - lengths, stops, N_ITEMS, n_users)
    model = fresh_learner(config).to(torch.float64)
    batch = TrainingExamples(histories, model.max_length, worth)[np.arange(n_users)]
    assert (len(batch) > 1) == (worth == 1)
    objective = make_objective(TrainingConfig(), histories, torch.device("cpu"))
    loss = objective(model, batch, torch.Generator())
    gradients = _gradients(model, loss).values()
    return [loss, *(gradient for gradient in gradients if gradient is not None)]


def _fit(config: NamedConfig, frame: pl.DataFrame, **training: Any) -> Recommender:
    """Fit a model; one that fits itself takes no settings of a training."""
    values = QUICK | training if learns(fresh(config)) else {}
    return Recommender.fit(frame, model=config, **values)


@cache
def _counted(model: str) -> float:
    """Measure the NDCG@10 of a baseline on the small demo."""
    return Recommender.fit(small_demo(), model=model).evaluate("test")["NDCG@10"]
