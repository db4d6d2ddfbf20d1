"""Studies by name and by path; the ones that come with miqrec can all be run."""

from pathlib import Path

import pytest

from miqrec.data.named.definitions import DATASETS
from miqrec.errors import MiqrecError
from miqrec.experiments.studies.plan import plan
from miqrec.experiments.studies.recipe_files import FOLDER, read_study, read_system, study_names
from miqrec.models.registry import build_model

ONE = 'title = ""\ncaption = ""\ndata = "demo"\n[systems.a]\nlabel = "A"\nmodel = "sasrec"\n'
TWO = ONE + '[systems.b]\nlabel = "B"\nmodel = "miq-sasrec"\n'


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> str:
        (tmp_path / "mine.toml").write_text(text)
        return str(tmp_path / "mine.toml")

    return write


def test_the_published_experiments_are_there():
    assert {"figure3-ml-1m", "table2-beauty", "table2-ml-1m", "table3-lastfm"} <= set(study_names())


@pytest.mark.parametrize("name", study_names())
def test_a_study_opens_with_its_command(name):
    first = (FOLDER / f"{name}.toml").read_text().splitlines()[0]
    table, dataset = name.split("-", 1)

    assert first.startswith(f"# miqrec reproduce {table} --dataset {dataset} --seeds ")


@pytest.mark.parametrize("name", study_names())
def test_every_run_of_a_study_can_be_planned_and_its_model_built(name):
    study = read_study(name)
    runs = plan(study, Path("runs"), seeds=2)

    n_pretrainings, n_systems = len(study.pretraining), len(study.systems)
    assert study.data in DATASETS
    assert len({run.folder for run in runs}) == len(runs) == n_pretrainings + 2 * n_systems
    for run in runs[: n_pretrainings + n_systems]:
        model = run.chosen.model
        assert build_model(model, n_items=30).max_length == model.max_length


def test_each_ablation_differs_from_miq_sasrec_in_one_setting():
    study = read_study("ablations-lastfm")
    whole = study.chosen("miq-sasrec").model.model_dump(exclude={"name"})
    for system in study.systems.keys() - {"sasrec", "miq-sasrec"}:
        changed = study.chosen(system).model.model_dump(exclude={"name"}).items() - whole.items()
        assert len(changed) == 1, system


def test_a_table_compares_each_system_with_queries_with_the_one_without():
    pairs = {(pair.system, pair.baseline) for pair in read_study("table3-lastfm").pairs}

    assert pairs == {("miq-sasrec", "sasrec"), ("miq-s3rec", "s3rec-cce")}


@pytest.mark.parametrize("name", ["table2-beauty", "table2-ml-1m", "table3-lastfm"])
def test_a_table_has_the_papers_six_numbers_of_every_system(name):
    study = read_study(name)

    assert study.paper.keys() == study.systems.keys()
    assert {len(numbers) for numbers in study.paper.values()} == {6}


def test_sasrecs_own_settings():
    chosen = read_study("table2-ml-1m").chosen("sasrec")

    assert (chosen.model.n_layers, chosen.model.n_heads, chosen.model.dim) == (2, 1, 50)
    assert (chosen.model.max_length, chosen.model.dropout) == (200, 0.2)
    assert (chosen.training.loss, chosen.training.negatives) == ("bce", 1)
    assert (chosen.training.learning_rate, chosen.training.beta2) == (0.001, 0.98)
    assert chosen.training.batch_size == 128


def test_a_grid_is_a_system_for_each_combination(written):
    grid = '[grid]\nmodel = "miq-sasrec"\nwindow = [1, 3]\ndim = [8, 16]\nn_heads = 2\n'
    study = read_study(written('title = ""\ncaption = ""\ndata = "demo"\n' + grid))

    assert list(study.systems) == [
        "window-1-dim-8",
        "window-1-dim-16",
        "window-3-dim-8",
        "window-3-dim-16",
    ]
    assert study.systems["window-3-dim-8"].label == "window 3, dim 8"
    assert study.system_values("window-3-dim-8") == {"window": 3, "dim": 8, "n_heads": 2}


def test_a_study_may_be_a_file_of_ones_own(written):
    assert read_study(written(ONE)).name == "mine"


def test_the_only_system_need_not_be_named(written):
    study, system = read_system(written(ONE))

    assert (study.name, system) == ("mine", "a")


def test_one_of_several_systems_is_named(written):
    assert read_system(written(TWO) + ":b")[1] == "b"
    with pytest.raises(MiqrecError, match=r"has several systems; choose one of .*mine.toml:b"):
        read_system(written(TWO))
    with pytest.raises(MiqrecError, match="has no system 'c'"):
        read_system(written(TWO) + ":c")


WRONG = {
    "not TOML": ("title = ", "mine.toml is not TOML"),
    "no data": (ONE.replace("data", "#"), "mine.toml: data: Field required"),
    "a typing error": ("grit = 3\n" + ONE, "mine.toml: there is no setting 'grit'"),
    "a grid that is no table": ("grid = 3\n" + ONE, "there is no setting 'grid'"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_file_with_a_mistake_is_refused(written, text, message):
    with pytest.raises(MiqrecError, match=message):
        read_study(written(text))


def test_an_unknown_study_is_an_error_that_lists_the_known_ones():
    with pytest.raises(MiqrecError, match=r"no recipe 'x'; choose one of .*table2-ml-1m"):
        read_study("x")
