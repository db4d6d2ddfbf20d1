"""New items that get vectors from their attributes: where they stand in lists, and what becomes of them."""

import polars as pl
import pytest

from commands import miqrec
from miqrec import MiqrecError, MiqrecWarning, Recommender
from miqrec.testing.frames import circle

SMALL = {
    "dim": 16,
    "max_length": 10,
    "dropout": 0.0,
    "epochs": 4,
    "learning_rate": 0.01,
    "batch_size": 32,
}
ITEMS = pl.DataFrame(
    {
        "item": [f"item {number:02}" for number in range(20)],
        "title": [f"Item {number}" for number in range(20)],
        "attributes": [["early" if number < 10 else "late", "any"] for number in range(20)],
    }
)
NEW = pl.DataFrame(
    {"item": ["new", "item 03"], "title": ["New", "No"], "attributes": [["late"], ["early"]]}
)


def log() -> pl.DataFrame:
    return circle(60).with_columns(time=pl.int_range(pl.len()).over("user"))


@pytest.fixture(scope="module")
def before() -> Recommender:
    return Recommender.fit(log(), "sasrec", items=ITEMS, n_heads=1, n_layers=1, **SMALL, final=True)


@pytest.fixture(scope="module")
def after(before) -> Recommender:
    return before.with_new_items(NEW)


def lists(rec: Recommender, k: int = 20) -> pl.DataFrame:
    return rec.recommend(histories=[["item 12", "item 13"]], k=k, exclude_seen=False)


def test_a_new_item_is_listed_and_marked(before, after):
    marked = lists(after, 21).filter(pl.col("source") == "attributes")
    assert marked.select("item", "title").rows() == [("new", "New")]
    assert lists(after).filter(pl.col("source") == "model").height >= 19
    assert after.artifact.catalogue.n_items == before.artifact.catalogue.n_items + 1


def test_what_is_known_keeps_its_scores(before, after):
    scores = dict(lists(after, 21).select("item", "score").iter_rows())
    for item, score in lists(before).select("item", "score").iter_rows():
        assert scores[item] == pytest.approx(score, abs=1e-6)


def test_it_stands_nearer_to_items_with_its_attributes(after):
    catalogue, vectors = after.artifact.catalogue, after.artifact.model.item_vectors().detach()
    new, known = vectors[-1], vectors[1:-1]
    late = [
        number >= 10 for number in catalogue.frame["item"].str.slice(5).cast(int, strict=False)[:-1]
    ]
    near = (known @ new).numpy()
    assert near[late].mean() > near[[not is_late for is_late in late]].mean()


def test_it_is_saved_and_known_in_histories(after, tmp_path):
    after.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")
    assert lists(again, 21).drop("score").equals(lists(after, 21).drop("score"))
    assert again.recommend(histories=[["new"]], k=1)["source"].to_list() == ["model"]


def test_an_update_that_meets_it_takes_the_mark_off(after):
    met = log().with_columns(pl.col("time") + 50, item=pl.lit("new")).head(40)
    updated = after.update(pl.concat([log(), met.select(log().columns)]), epochs=1)
    assert not updated.artifact.catalogue.described.any()
    other = log().with_columns(pl.col("time") + 50)
    assert after.update(pl.concat([log(), other]), epochs=1).artifact.catalogue.described.sum() == 1


@pytest.mark.parametrize("model", ["gru4rec", "sr-gnn", "miq-s3rec"])
def test_every_model_with_vectors_takes_new_items(model):
    sizes = {"dim": 16, "epochs": 1, "max_length": 10}
    rec = Recommender.fit(log(), model, items=ITEMS, **sizes).with_new_items(NEW)
    assert "attributes" in lists(rec, 21)["source"].to_list()


def test_what_is_like_nothing_is_left_out_or_refused(before):
    odd = pl.DataFrame({"item": ["odd"], "attributes": [["unheard of"]]})
    with pytest.warns(MiqrecWarning, match="1 of 2 new items have no attribute of a known item"):
        before.with_new_items(pl.concat([NEW.drop("title").head(1), odd]))
    with pytest.raises(MiqrecError, match="so nothing is like them"):
        before.with_new_items(odd)
    with pytest.raises(MiqrecError, match="knows all of these items"):
        before.with_new_items(NEW.tail(1))


def test_models_without_vectors_or_attributes_are_refused():
    counts = Recommender.fit(log(), "markov", items=ITEMS)
    with pytest.raises(MiqrecError, match="markov counts and has no vectors"):
        counts.with_new_items(NEW)
    plain = Recommender.fit(log(), "sasrec", **SMALL | {"epochs": 1})
    with pytest.raises(MiqrecError, match=r"none of the items .* has attributes"):
        plain.with_new_items(NEW)


def test_on_the_command_line_for_a_list(before, tmp_path):
    before.save(tmp_path / "model")
    (tmp_path / "new.json").write_text('{"new": ["late"]}')
    arguments = ("--new-items", tmp_path / "new.json", "--k", 21, "--no-exclude-seen", "--json")
    done = miqrec("recommend", tmp_path / "model", "--history", "item 12", *arguments)
    assert done.returncode == 0, done.stderr
    assert '"source": "attributes"' in done.stdout
