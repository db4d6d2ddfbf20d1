"""A training that starts from a trained model: the same items, more of them, fewer of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecWarning
from miqrec.runs.artifact import Artifact, load_artifact, save_artifact
from miqrec.runs.fit import fit, fit_on_everything
from miqrec.runs.initial_weights import initial_weights
from miqrec.runs.plan import Plan
from miqrec.runs.run import run
from worlds import changed, cycle, ranks_on_test, small

STILL = {"epochs": 1, "learning_rate": 1e-12}
"""Steps too small to move anything."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    run(small("sasrec", cycle()), folder)
    return folder


def started(folder: Path, dataset: Dataset, **values: object) -> Plan:
    plan = small("sasrec", dataset, **STILL, **values)
    return changed(plan, init_from=initial_weights(folder, plan.config.model, plan.splits))


def vectors(artifact: Artifact) -> dict[str, torch.Tensor]:
    """The vector of each item by its name."""
    rows = artifact.model.item_vectors().detach()[1:]
    return dict(zip(artifact.catalogue.frame["item"], rows, strict=True))


def close(left: torch.Tensor, right: torch.Tensor) -> bool:
    return torch.allclose(left, right, atol=1e-8)


def test_with_the_same_items_it_starts_with_equal_weights(trained, tmp_path):
    artifact = fit(started(trained, cycle()), tmp_path)
    there = load_artifact(trained).model.state_dict()
    assert all(close(value, there[name]) for name, value in artifact.model.state_dict().items())


@pytest.mark.filterwarnings("ignore:the model in .* was trained on other interactions")
def test_more_items_leave_the_known_ones_where_they_were(trained, tmp_path):
    grown = cycle(n_items=26)
    before = load_artifact(trained)
    after = fit(started(trained, grown), tmp_path)

    assert after.catalogue.n_items == 26
    assert all(close(vectors(after)[name], vector) for name, vector in vectors(before).items())
    assert "item 25" in vectors(after).keys() - vectors(before).keys()
    assert after.model.item_vectors()[0].count_nonzero() == 0  # padding


@pytest.mark.filterwarnings("ignore:the model in .* was trained on other interactions")
def test_it_is_a_head_start(trained, tmp_path):
    grown = cycle(n_items=26)
    warm = fit(started(trained, grown), tmp_path / "warm")
    cold = fit(small("sasrec", grown, **STILL), tmp_path / "cold")
    mean = [
        ranks_on_test(a.model, small("sasrec", grown).splits)["rank"].mean() for a in (warm, cold)
    ]
    assert mean[0] < 0.7 * mean[1]


@pytest.mark.filterwarnings("ignore:the model in .* was trained on other interactions")
def test_items_that_are_gone_are_left_out_with_their_number(trained, tmp_path):
    with pytest.warns(
        MiqrecWarning, match="5 of the 20 items that .* are left out; 0 items are new"
    ):
        plan = started(trained, cycle(n_items=15))
    after = fit(plan, tmp_path)
    before = vectors(load_artifact(trained))
    assert all(close(before[name], vector) for name, vector in vectors(after).items())


def test_a_model_of_everything_has_seen_what_is_held_out(tmp_path):
    plan = small("sasrec", cycle(), **STILL)
    save_artifact(fit_on_everything(plan, 1, tmp_path / "fit"), tmp_path / "model")
    with pytest.warns(MiqrecWarning, match="was trained on everything, the held-out items too"):
        started(tmp_path / "model", cycle())


def test_a_warm_start_is_part_of_the_config_and_reproducible(trained, tmp_path):
    plans = [started(trained, cycle(), dropout=0.3) for _ in range(2)]
    left, right = (fit(plan, tmp_path / str(i)).model for i, plan in enumerate(plans))
    assert plans[0].config == plans[1].config
    assert all(np.array_equal(w, right.state_dict()[n]) for n, w in left.state_dict().items())
