"""The items that a model knows by their attributes alone are marked in the service's lists too."""

import polars as pl
import pytest

from miqrec import Recommender
from miqrec.export import export_onnx
from serving.conftest import NAMES, shop

NEW = pl.DataFrame({"item": ["new"], "category": ["books"], "price": [3.0], "in_stock": [True]})
HISTORY = ["item 03", "item 04", "item 05"]


@pytest.fixture(scope="module")
def folder(saved, tmp_path_factory):
    """The model with a new item, saved and exported, and a table of all its items."""
    folder = tmp_path_factory.mktemp("new")
    rec = Recommender.load(saved).with_new_items(NEW)
    rec.save(folder / "model")
    export_onnx(rec.artifact, folder / "model.onnx", k=10)
    pl.concat([shop(), NEW]).write_parquet(folder / "items.parquet")
    return folder


def sources(client, history):
    answer = client.post(
        "/recommend", json={"histories": [history], "k": 21, "exclude_seen": False}
    )
    [found] = answer.json()["lists"]
    return found["source"], {row["item"]: row["source"] for row in found["items"]}


@pytest.mark.parametrize(("name", "items"), [("model", "items.parquet"), ("model.onnx", None)])
def test_a_new_item_is_marked_as_in_the_library(serve, folder, name, items):
    client = serve(artifact=folder / name, items=items and folder / items)
    of_list, found = sources(client, HISTORY)
    assert of_list == "model"
    assert found == dict.fromkeys(NAMES, "model") | {"new": "attributes"}
    rec = Recommender.load(folder / "model")
    listed = rec.recommend(histories=[HISTORY], k=21, exclude_seen=False)
    assert found == dict(listed.select("item", "source").iter_rows())


@pytest.mark.parametrize("route", ["/what-if", "/compare", "/explain"])
def test_a_new_item_is_marked_wherever_lists_are_looked_into(serve, folder, route):
    client = serve(artifact=folder / "model", beside=folder / "model")
    asked = {"changes": [{"position": 0}]} if route == "/what-if" else {}
    answer = client.post(route, json={"history": HISTORY, "k": 18, **asked}).json()
    for rows in (
        [answer.get("explained")] if route == "/explain" else map(answer.get, ("first", "second"))
    ):
        found = {row["item"]: row["source"] for row in rows}
        assert found == dict.fromkeys(set(NAMES) - set(HISTORY), "model") | {"new": "attributes"}


@pytest.mark.parametrize("history", [[], ["nobody knows"]])
def test_lists_side_by_side_say_where_popularity_answers(serve, folder, history):
    client = serve(artifact=folder / "model", beside=folder / "model")
    answer = client.post("/compare", json={"history": history}).json()
    assert answer["sources"] == ["popularity", "popularity"]
    assert {row["source"] for row in answer["first"] + answer["second"]} == {"popularity"}


def test_a_history_that_a_change_empties_is_answered_by_popularity(serve, folder):
    client = serve(artifact=folder / "model")
    asked = {"history": HISTORY[:1], "changes": [{"position": 0}]}
    answer = client.post("/what-if", json=asked).json()
    assert answer["sources"] == ["model", "popularity"]
    assert {row["source"] for row in answer["second"]} == {"popularity"}


def test_popularity_marks_all_items_alike_and_the_description_names_the_sources(serve, folder):
    client = serve(artifact=folder / "model")
    of_list, found = sources(client, [])
    assert of_list == "popularity"
    assert set(found.values()) == {"popularity"}
    item = client.get("/openapi.json").json()["components"]["schemas"]["Recommended"]
    assert item["properties"]["source"]["enum"] == ["model", "popularity", "attributes"]
