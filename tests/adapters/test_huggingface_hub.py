"""A recommender in a repository of the Hub: saved, described, pushed and loaded, without a network."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard, errors

from miqrec.adapters.huggingface import HubRecommender, hub
from miqrec.errors import MiqrecError
from miqrec.recommender import Recommender
from miqrec.testing.frames import circle

QUICK = {"epochs": 2, "dim": 8, "max_length": 10, "window": 3, "min_user": 3}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> HubRecommender:
    log = tmp_path_factory.mktemp("private") / "log.csv"
    circle().write_csv(log)
    return HubRecommender.of(Recommender.fit(log, **QUICK))


@pytest.fixture
def folder(fitted, tmp_path) -> Path:
    fitted.save_pretrained(tmp_path / "model", model_card_kwargs={"license": "cc-by-4.0"})
    return tmp_path / "model"


def lists(recommender):
    history = [recommender.artifact.catalogue.frame["item"].head(3).to_list()]
    return recommender.recommend(histories=history, k=3)


def test_a_folder_gives_the_recommender_back(fitted, folder):
    loaded = HubRecommender.from_pretrained(folder)
    assert isinstance(loaded, HubRecommender)
    assert lists(loaded).equals(lists(fitted))
    assert lists(Recommender.load(folder)).equals(lists(fitted))


def test_saving_again_replaces_the_model_and_keeps_the_card_that_was_edited(fitted, folder):
    (folder / "README.md").write_text("mine")
    fitted.save_pretrained(folder)
    assert (folder / "README.md").read_text() == "mine"
    assert {path.name for path in folder.iterdir()} == {*hub.FILES, "README.md"}
    HubRecommender.from_pretrained(folder)


def test_a_folder_with_anything_else_is_refused_and_stays_as_it_was(fitted, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(MiqrecError, match=r"holds 'thesis.tex', which is no part of a saved model"):
        fitted.save_pretrained(tmp_path)
    assert (tmp_path / "config.json").read_text() == "{}"


def test_the_card_has_data_metrics_with_intervals_stability_recipe_and_licence(fitted, folder):
    card = ModelCard.load(folder / "README.md")
    scores = fitted.evaluate()

    assert card.data.license == "cc-by-4.0"
    assert card.data.library_name == "miqrec"
    assert {"sequential-recommendation", "pytorch_model_hub_mixin"} <= set(card.data.tags)
    text = card.text
    assert "log.csv: " in text
    for metric in ("HR@10", "NDCG@20", "MRR"):
        assert f"| {metric} | {scores[metric]:.4f} | " in text
    assert "| a random item added at the end | FRBO@10 | " in text
    assert '"window": 3' in text
    assert "Training, 2 epochs" in text
    assert "The weights have the licence cc-by-4.0." in text


def test_without_its_data_a_recommender_has_a_card_without_measurements(folder):
    text = HubRecommender.from_pretrained(folder).generate_model_card().text
    assert text.count("Not measured for this card") == 2
    assert "Not stated by the authors." in text


def test_where_the_data_lie_is_told_to_nobody(folder):
    for name in ("config.json", "README.md"):
        assert str(folder.parents[1]) not in (folder / name).read_text()
        assert "private" not in (folder / name).read_text()
    assert json.loads((folder / "config.json").read_text())["data"]["source"] == "log.csv"


def test_pushing_uploads_the_saved_folder(fitted, monkeypatch):
    uploaded = {}

    def create_repo(self, repo_id, **_):
        return SimpleNamespace(repo_id=repo_id)

    def upload_folder(self, *, folder_path, **_):
        uploaded.update({path.name: path.read_bytes() for path in Path(folder_path).iterdir()})
        return "the commit"

    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi.create_repo", create_repo)
    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi.upload_folder", upload_folder)

    assert fitted.push_to_hub("you/your-model") == "the commit"
    assert uploaded.keys() == {*hub.FILES, "README.md"}


def test_a_repository_is_fetched_by_its_model_files_alone(fitted, folder, monkeypatch):
    asked = {}

    def snapshot_download(repo_id, **options):
        asked.update(options, repo_id=repo_id)
        return str(folder)

    def config_of(*_, **__):
        return str(folder / "config.json")

    monkeypatch.setattr(hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", config_of)

    loaded = HubRecommender.from_pretrained("you/your-model", revision="v2")

    assert lists(loaded).equals(lists(fitted))
    assert (asked["repo_id"], asked["revision"]) == ("you/your-model", "v2")
    assert set(asked["allow_patterns"]) == hub.FILES


def test_a_repository_that_is_not_there_is_the_hub_s_error():
    with pytest.raises(errors.LocalEntryNotFoundError):
        HubRecommender.from_pretrained("you/nothing", local_files_only=True)
