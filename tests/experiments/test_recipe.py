"""Recipes are checked when they are read, and each opens with the command that runs it."""

import pytest

from miqrec.data.datasets import NAMES
from miqrec.errors import MiqrecError
from miqrec.experiments.recipe import FOLDER, read_recipe, recipe_names
from miqrec.models.build import MODELS, build_model
from miqrec.settings import settings


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_opens_with_its_command_and_builds_its_model(name):
    first = (FOLDER / f"{name}.toml").read_text().splitlines()[0]
    recipe = read_recipe(name)

    assert first == f"# miqrec train --recipe {name} --out runs/{name}"
    assert recipe.data in NAMES
    assert isinstance(
        build_model(settings(recipe.model, **recipe.values).model, n_items=30),
        MODELS[recipe.model].model,
    )


def test_sasrecs_own_settings():
    chosen = settings("sasrec", **read_recipe("sasrec-ml-1m").values)

    assert (chosen.model.n_layers, chosen.model.n_heads, chosen.model.dim) == (2, 1, 50)
    assert (chosen.model.max_length, chosen.model.dropout) == (200, 0.2)
    assert (chosen.training.loss, chosen.training.negatives) == ("bce", 1)
    assert (chosen.training.learning_rate, chosen.training.beta2) == (0.001, 0.98)
    assert chosen.training.batch_size == 128


def test_a_recipe_may_be_a_file_of_ones_own(tmp_path):
    (tmp_path / "mine.toml").write_text('data = "demo"\nmodel = "sasrec"\ndim = 8\n')

    assert read_recipe(str(tmp_path / "mine.toml")).values == {"dim": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('data = "demo"\nmodel = "sasrec"\nwindows = 3', "sasrec has no setting 'windows'"),
        ('data = "demo"\nmodel = "sasrek"', "no model 'sasrek'"),
        ('data = "demo"', "does not say which model"),
        ("data = ", "is not TOML"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused(tmp_path, text, message):
    (tmp_path / "mine.toml").write_text(text)

    with pytest.raises(MiqrecError, match=message):
        read_recipe(str(tmp_path / "mine.toml"))


def test_an_unknown_recipe_is_an_error_that_lists_the_known_ones():
    with pytest.raises(MiqrecError, match=r"no recipe 'x'; choose one of .*sasrec-ml-1m"):
        read_recipe("x")
