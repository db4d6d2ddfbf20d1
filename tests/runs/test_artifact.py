"""What a saved model is, and what is refused as one."""

import json
from contextlib import suppress

import polars as pl
import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.runs.artifact import Artifact, load_artifact, save_artifact, save_inference
from miqrec.runs.fit import fit
from worlds import cycle, small


@pytest.fixture
def folder(tmp_path):
    artifact = fit(small("miq-sasrec", cycle(), epochs=1), tmp_path / "run")
    save_artifact(artifact, tmp_path / "model")
    return tmp_path / "model"


def edit(folder, **changes):
    """Change the config of an artifact as of format 1, which had no checksums."""
    config = json.loads((folder / "config.json").read_text()) | {"format": 1}
    del config["checksums"]
    (folder / "config.json").write_text(json.dumps(config | changes))


def put_in_another_order(items):
    pl.read_parquet(items).reverse().write_parquet(items)


def test_it_is_three_files_and_no_histories(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "items.parquet",
        "model.safetensors",
    ]


def test_saving_again_replaces_the_model_whole(folder):
    artifact = load_artifact(folder)

    save_artifact(artifact, folder)

    assert isinstance(load_artifact(folder), Artifact)
    assert not list(folder.parent.glob(".*"))


def test_how_a_model_is_used_is_kept_without_touching_its_weights_and_items(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    config = load_artifact(folder).config
    mixed = InferenceConfig(mix=(0.6, 0.4), temperature=2)

    save_inference(folder, mixed)

    assert load_artifact(folder).config == config.model_copy(update={"inference": mixed})
    changed = {path.name for path in folder.iterdir() if path.read_bytes() != before[path.name]}
    assert changed == {"config.json"}
    save_inference(folder, config.inference)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_how_a_damaged_model_is_used_is_not_kept(folder):
    items = folder / "items.parquet"
    items.write_bytes(items.read_bytes()[:-1] + b"x")
    before = (folder / "config.json").read_bytes()

    with pytest.raises(MiqrecError, match=r"items\.parquet is damaged"):
        save_inference(folder, InferenceConfig(mix=(0.6, 0.4)))
    assert (folder / "config.json").read_bytes() == before


def test_a_runs_final_model_is_used_as_the_run_is(folder, tmp_path):
    artifact, mixed = load_artifact(folder), InferenceConfig(mix=(0.6, 0.4))
    for place in ("both/artifact", "both/final/artifact"):
        save_artifact(artifact, tmp_path / place)

    save_inference(tmp_path / "both", mixed)

    for place in ("both", "both/final"):
        assert load_artifact(tmp_path / place).config.inference == mixed


def test_a_folder_with_other_files_is_not_overwritten(folder, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")

    with pytest.raises(MiqrecError, match="holds other files"):
        save_artifact(load_artifact(folder), tmp_path / "home")
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_neither_is_a_folder_with_a_config_of_another_kind_or_with_more_than_an_artifact(
    folder, tmp_path
):
    project, model = tmp_path / "project", tmp_path / "model"
    project.mkdir()
    (project / "config.json").write_text("{}")
    save_artifact(load_artifact(folder), model)
    (model / "notes.txt").write_text("mine")

    for place in (project, model):
        before = {path.name: path.read_bytes() for path in place.iterdir()}
        with pytest.raises(MiqrecError, match="holds other files"):
            save_artifact(load_artifact(folder), place)
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_a_folder_that_is_not_an_artifact(tmp_path):
    with pytest.raises(MiqrecError, match="not a saved model or a finished run: it does not exist"):
        load_artifact(tmp_path / "nowhere")
    with pytest.raises(MiqrecError, match=r"it has no config.json and model.safetensors"):
        load_artifact(tmp_path)


def test_an_artifact_of_a_newer_format_even_with_keys_that_nobody_knows_yet(folder):
    edit(folder, format=99, miqrec="7.0", hologram=True)

    with pytest.raises(MiqrecError, match=r"written by miqrec 7.0 in format 99, .* upgrade miqrec"):
        load_artifact(folder)


def test_a_config_with_an_unknown_key(folder):
    edit(folder, hologram=True)

    with pytest.raises(MiqrecError, match="there is no setting 'hologram'"):
        load_artifact(folder)


def test_weights_that_do_not_match_the_config(folder):
    config = json.loads((folder / "config.json").read_text())
    edit(folder, model=config["model"] | {"window": 4})

    with pytest.raises(MiqrecError, match=r"model.safetensors does not match config.json"):
        load_artifact(folder)


def turn_a_bit(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "items.parquet"])
@pytest.mark.parametrize("damage", ["a bit", "cut short", "emptied"])
def test_a_damaged_file_is_named(folder, name, damage):
    path = folder / name
    if damage == "a bit":
        turn_a_bit(path, -9)
    elif damage == "cut short":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes(b"")

    with pytest.raises(
        MiqrecError, match=rf"{name} is damaged or was altered; restore it"
    ) as error:
        load_artifact(folder)
    assert "\n" not in str(error.value)


def test_whatever_byte_of_the_config_is_wrong_it_says_the_same_or_is_refused(folder):
    path, expected = folder / "config.json", load_artifact(folder).config
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        turn_a_bit(path, place)
        with suppress(MiqrecError):
            assert load_artifact(folder).config == expected
        path.write_bytes(content)


def test_a_missing_file_is_named(folder):
    (folder / "items.parquet").unlink()

    with pytest.raises(MiqrecError, match=r"items\.parquet is missing or is no file"):
        load_artifact(folder)


def test_items_in_another_order_are_refused(folder):
    put_in_another_order(folder / "items.parquet")

    with pytest.raises(MiqrecError, match=r"items.parquet is damaged or was altered"):
        load_artifact(folder)


class TestFormat1:
    """Artifacts of before there were checksums."""

    def test_they_are_still_read(self, folder):
        edit(folder)

        assert load_artifact(folder).catalogue.n_items == 20

    def test_items_in_another_order_are_refused(self, folder):
        edit(folder)
        put_in_another_order(folder / "items.parquet")

        with pytest.raises(MiqrecError, match=r"items.parquet has its rows in another order"):
            load_artifact(folder)

    def test_weights_that_are_cut_short(self, folder):
        edit(folder)
        weights = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])

        with pytest.raises(MiqrecError, match="the folder is damaged"):
            load_artifact(folder)

    @pytest.mark.parametrize("name", ["config.json", "items.parquet"])
    def test_a_file_that_is_damaged(self, folder, name):
        edit(folder)
        (folder / name).write_bytes(b"\xff{")

        with pytest.raises(MiqrecError, match=rf"{name} .*; restore it"):
            load_artifact(folder)


def test_a_run_that_is_not_finished_is_called_so(tmp_path):
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(MiqrecError, match=r"holds a run that is not finished; .* --resume"):
        load_artifact(tmp_path)
