"""What must hold for every model; a new one joins by a line in `ENCODERS` or `COUNTERS`."""

import math
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.batches.training import TrainingExamples
from miqrec.data.dataset import Dataset
from miqrec.data.demo.generate import DemoConfig, generate, noise_interactions
from miqrec.data.encoding import build_dataset
from miqrec.data.sequences import Sequences
from miqrec.data.splitting import everything
from miqrec.evaluation.metrics import summary
from miqrec.models.encoder import Encoder
from miqrec.models.registry import build_model, model_names
from miqrec.runs.artifact import load_artifact, save_artifact
from miqrec.runs.fit import fit
from miqrec.training.config import TrainingConfig
from miqrec.training.objective import make_objective
from worlds import cycle, dataset_of, ranks_on_test, small

ENCODERS = [
    "sasrec",
    "miq-sasrec",
    "miq-sasrec-ablation",
    "s3rec",
    "miq-s3rec",
    "gru4rec",
    "sr-gnn",
]
COUNTERS = ["popularity", "markov"]

N_ITEMS, LENGTH = 20, 9


def fresh(name: str, seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    return build_model(small(name, cycle()).config.model, N_ITEMS).eval()


def histories(*lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random items, padded on the right to the longest."""
    generator = torch.Generator().manual_seed(sum(lengths))
    items = torch.randint(1, N_ITEMS + 1, (len(lengths), max(lengths)), generator=generator)
    columns = torch.arange(max(lengths))
    return items * (columns < torch.tensor(lengths).unsqueeze(1)), torch.tensor(lengths)


def assert_close(left: torch.Tensor, right: torch.Tensor) -> None:
    torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-5)


def test_the_suite_has_every_model():
    assert sorted(ENCODERS + COUNTERS) == sorted(model_names())


@pytest.mark.parametrize("name", ENCODERS)
@given(position=st.integers(0, LENGTH - 2), data=st.data())
@settings(max_examples=15, deadline=None)
def test_no_state_depends_on_a_later_item(name, position, data):
    model, (items, lengths) = fresh(name), histories(LENGTH, LENGTH)
    later = data.draw(st.lists(st.integers(1, N_ITEMS), min_size=LENGTH, max_size=LENGTH))
    changed = items.clone()
    changed[:, position + 1 :] = torch.tensor(later)[position + 1 :]

    assert_close(
        model(items, lengths)[:, : position + 1], model(changed, lengths)[:, : position + 1]
    )


@pytest.mark.parametrize("name", ENCODERS)
@given(lengths=st.lists(st.integers(1, LENGTH), min_size=1, max_size=4), more=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_padding_changes_nothing(name, lengths, more):
    model, (items, lengths) = fresh(name), histories(*lengths)
    padded = torch.nn.functional.pad(items, (0, more))[:, :10]

    for row, length in enumerate(lengths):
        assert_close(
            model(items, lengths)[row, :length],
            model(padded, lengths)[row, :length],
        )
    assert_close(model.last(items, lengths), model.last(padded, lengths))


@pytest.mark.parametrize("name", ENCODERS + COUNTERS)
@given(lengths=st.lists(st.integers(1, LENGTH), min_size=2, max_size=5))
@settings(max_examples=15, deadline=None)
def test_the_rest_of_the_batch_changes_nothing(name, lengths):
    model, (items, lengths) = fresh(name), histories(*lengths)

    together = model.scores(items, lengths)

    for row, length in enumerate(lengths):
        assert_close(
            model.scores(items[row : row + 1, :length], lengths[row : row + 1])[0], together[row]
        )


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("n", range(1, LENGTH + 3))
def test_last_gives_the_newest_rows_of_forward_and_repeats_the_first(name, n):
    model, (items, lengths) = fresh(name), histories(1, 2, 5, LENGTH)

    states = model(items, lengths)

    rows = [[max(length - 1 - back, 0) for back in range(n)] for length in (1, 2, 5, LENGTH)]
    assert_close(
        model.last(items, lengths, n), states[torch.arange(4)[:, None], torch.tensor(rows)]
    )


@pytest.mark.parametrize("name", ENCODERS)
def test_last_has_the_gradients_of_the_rows_of_forward(name):
    model, (items, lengths) = fresh(name).double(), histories(1, 2, LENGTH)
    rows = torch.tensor([[0, 0, 0], [1, 0, 0], [LENGTH - 1, LENGTH - 2, LENGTH - 3]])
    direction = torch.linspace(-1, 1, 3 * 3 * model.item_vectors().shape[1]).view(3, 3, -1)

    gradients = []
    for newest in (
        model.last(items, lengths, 3),
        model(items, lengths)[torch.arange(3)[:, None], rows],
    ):
        model.zero_grad()
        (newest * direction).sum().backward()
        # a softmax ignores what is the same for all keys
        gradients.append(
            {
                weight: parameter.grad
                for weight, parameter in model.named_parameters()
                if not weight.endswith("key.bias")
            }
        )
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", ENCODERS + COUNTERS)
def test_scores_are_float32_for_all_items_and_padding(name):
    scores = fresh(name).scores(*histories(3, 5))

    assert scores.shape == (2, N_ITEMS + 1)
    assert scores.dtype == torch.float32


@pytest.mark.parametrize("name", ENCODERS + COUNTERS)
def test_a_history_longer_than_the_model_reads_is_cut_to_its_newest_part(name):
    model, (items, lengths) = fresh(name), histories(17)
    newest = items[:, -model.max_length :]

    assert_close(
        model.scores(items, lengths), model.scores(newest, torch.tensor([newest.shape[1]]))
    )


@pytest.mark.parametrize("name", ENCODERS)
def test_gradients_reach_every_parameter_that_can_get_one(name):
    model, (items, lengths) = fresh(name), histories(2, 4, LENGTH)

    scores = model(items, lengths) @ model.item_vectors().T
    torch.nn.functional.cross_entropy(
        scores.flatten(0, 1), items.flatten(), ignore_index=0
    ).backward()

    # a softmax ignores what is the same for all keys; those of the mask and heads wait for pre-training
    exempt = "key.bias"
    idle = [
        parameter_name
        for parameter_name, parameter in model.named_parameters()
        if not parameter_name.endswith(exempt)
        and (parameter.grad is None or not parameter.grad.any())
    ]
    assert idle == []


def loss_and_gradients(name: str, worth: float) -> list[torch.Tensor]:
    """Of a batch of users with 3 to 9 items, cut where that saves `worth` padded positions."""
    lengths = np.array([3, 9, 4, 3, 6])
    flat = np.random.default_rng(0).integers(1, N_ITEMS + 1, lengths.sum(), dtype=np.int32)
    histories = everything(dataset_of(Sequences(flat, np.append(0, lengths.cumsum()), N_ITEMS)))
    model = fresh(name).double()
    batch = TrainingExamples(histories, model.max_length, worth)[np.arange(5)]
    assert (len(batch) > 1) == (worth == 1)
    objective = make_objective(TrainingConfig(), histories, torch.device("cpu"))
    loss = objective(model, batch, torch.Generator())
    loss.backward()
    return [loss, *(weight.grad for weight in model.parameters() if weight.grad is not None)]


@pytest.mark.parametrize("name", ENCODERS)
def test_a_batch_in_pieces_has_the_loss_and_the_gradients_of_the_whole(name):
    torch.testing.assert_close(loss_and_gradients(name, 1), loss_and_gradients(name, math.inf))


@pytest.mark.parametrize("name", ENCODERS + COUNTERS)
def test_saving_and_loading_changes_no_score(name, tmp_path):
    artifact = fit(small(name, cycle(), epochs=1), tmp_path / "run")
    save_artifact(artifact, tmp_path / "model")

    again = load_artifact(tmp_path / "model")

    inputs = histories(1, 4, LENGTH)
    assert torch.equal(again.model.eval().scores(*inputs), artifact.model.eval().scores(*inputs))
    assert again.config == artifact.config
    assert again.catalogue.frame.equals(artifact.catalogue.frame)
    assert again.counts.tolist() == artifact.counts.tolist()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_seeded_refit_gives_the_same_scores(name, tmp_path):
    config = small(name, cycle(), epochs=2)
    first, second = (fit(config, tmp_path / run).model.eval() for run in ("a", "b"))

    inputs = histories(3, LENGTH)
    assert torch.equal(first.scores(*inputs), second.scores(*inputs))


@pytest.mark.parametrize("name", [*ENCODERS, "markov"])
def test_a_circle_is_learned(name, tmp_path):
    config = small(name, cycle(), epochs=40, learning_rate=0.02)
    model = fit(config, tmp_path).model

    assert summary(ranks_on_test(model, config.splits)["rank"].to_torch())["HR@5"] > 0.95


@cache
def small_demo() -> Dataset:
    """The demo in small: drifting interests, a long tail, and 15 % of noise clicks."""
    demo = generate(DemoConfig(n_users=800, n_items=60, n_genres=4, mean_length=25))
    return build_dataset(demo.interactions.sort("user", "time"))


@cache
def quality(name: str) -> float:
    """Test NDCG@10 on the small demo."""
    values = {"dim": 32, "max_length": 30, "epochs": 12, "dropout": 0.1} if name in ENCODERS else {}
    with TemporaryDirectory() as folder:
        plan = small(name, small_demo(), **values)
        model = fit(plan, Path(folder)).model
    return summary(ranks_on_test(model, plan.splits)["rank"].to_torch())["NDCG@10"]


@pytest.mark.parametrize("name", ENCODERS)
def test_the_structure_of_the_demo_is_learned_beyond_what_counting_finds(name):
    assert quality(name) > 2 * quality("popularity")
    assert quality(name) > quality("markov") + 0.02


@pytest.mark.parametrize("name", ENCODERS + COUNTERS)
def test_on_noise_nothing_beats_chance(name, tmp_path):
    n_users, n_items, length = 600, 40, 8
    noise = build_dataset(noise_interactions(n_users, n_items, length, seed=3))

    plan = small(name, noise)
    ranks = ranks_on_test(fit(plan, tmp_path).model, plan.splits)["rank"]

    chance = 10 / (n_items - (length - 1))  # nobody meets an item twice, and seen ones are left out
    deviation = np.sqrt(chance * (1 - chance) / n_users)
    assert (ranks <= 10).mean() < chance + 3.5 * deviation
