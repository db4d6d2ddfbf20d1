"""The made-up shop: its files, and that its truth is true of them."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
GENERATE = ROOT / "examples" / "shop" / "generate.py"
SIZES = ("--shoppers", "300", "--items", "120", "--days", "45", "--bots", "2")


def generate(folder: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, GENERATE, folder, *SIZES, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shop"
    done = generate(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def events(shop) -> pl.DataFrame:
    """All events with their truth, and what the same shopper did just before."""
    before = pl.col("sku", "what").shift().over("shopper_ref").name.suffix("_before")
    bots = pl.read_parquet(shop / "truth" / "shoppers.parquet")
    return (
        pl.read_parquet(shop / "truth" / "events.parquet")
        .with_columns(before)
        .join(bots, on="shopper_ref", maintain_order="left")
    )


def test_the_log_has_a_folder_for_each_day_with_that_day_s_events(shop):
    days = sorted((shop / "log").iterdir())
    log = pl.scan_parquet(shop / "log", hive_partitioning=True).collect()
    when = pl.from_epoch("happened_ms", time_unit="ms").dt.date()

    assert len(days) == 45
    assert days[0].name == "day=2024-03-01"
    assert log.drop("day").schema == {
        "shopper_ref": pl.String,
        "sku": pl.String,
        "happened_ms": pl.Int64,
        "what": pl.String,
    }
    assert log.select((when == pl.col("day")).all()).item()


def test_the_items_have_unique_titles_prices_and_stock_some_of_it_sold_out(shop):
    items = pl.read_parquet(shop / "items.parquet")

    assert items.columns == ["sku", "title", "category", "price", "stock"]
    assert items["sku"].n_unique() == items["title"].n_unique() == 120
    assert items["price"].min() > 0
    assert 0 < (items["stock"] == 0).sum() < 60


def test_the_same_seed_makes_the_same_shop_and_another_one_another(shop, tmp_path):
    generate(tmp_path / "again")
    generate(tmp_path / "other", "--seed", "1")
    files = [str(path.relative_to(shop)) for path in shop.rglob("*.parquet")]

    again, other = (
        [
            pl.read_parquet(tmp_path / name / file).equals(pl.read_parquet(shop / file))
            for file in files
        ]
        for name in ("again", "other")
    )

    assert len(files) == 45 + 4
    assert all(again)
    assert not any(other)


def test_nobody_looks_at_a_product_before_it_arrives_and_a_good_third_arrives_late(shop, events):
    items = pl.read_parquet(shop / "truth" / "items.parquet")
    seen = events.join(items, on="sku")

    assert seen.select((pl.col("happened_ms") >= pl.col("arrives_ms")).all()).item()
    assert (items["arrives_ms"] > 0).mean() == pytest.approx(0.4, abs=0.02)


def test_a_cart_follows_a_view_of_the_same_product_and_a_purchase_a_cart(events):
    follows = events.filter(pl.col("reason") == "follow")
    steps = follows.select("what_before", "what").unique().rows()

    assert set(steps) == {("view", "cart"), ("cart", "purchase")}
    assert follows.select((pl.col("sku") == pl.col("sku_before")).all()).item()
    assert set(events.filter(pl.col("reason") != "follow")["what"]) == {"view"}


def test_people_come_back_to_what_they_had_looked_at(events):
    again = events.with_columns(new=pl.struct("shopper_ref", "sku").is_first_distinct()).filter(
        pl.col("reason") == "again"
    )

    assert again.height > events.height / 20
    assert not again["new"].any()


def test_new_shoppers_come_all_the_time(events):
    first = (
        events.filter(~pl.col("is_bot")).group_by("shopper_ref").agg(pl.col("happened_ms").min())
    )
    weeks = first.group_by(
        (pl.col("happened_ms") - first["happened_ms"].min()) // (7 * 86_400_000)
    ).len()

    assert weeks.height == 7  # 45 days are 6 weeks and some days
    assert weeks["len"].min() > 5


def test_bots_look_at_everything_and_buy_nothing(events):
    counts = events.group_by("shopper_ref", "is_bot").agg(pl.len(), pl.col("what").unique())
    bots = counts.filter("is_bot")

    assert bots["what"].to_list() == [["view"]] * 2
    assert bots["len"].min() > 3 * counts.filter(~pl.col("is_bot"))["len"].quantile(0.9)


def test_who_knows_the_truth_foretells_more_than_popularity_and_the_last_product(events):
    people = events.filter(~pl.col("is_bot"))
    bestsellers = people["sku"].value_counts(sort=True)["sku"][:10].implode()
    known = (people["rank"] <= 10).mean()

    assert people["rank"].null_count() == 0
    assert known > people.select(pl.col("sku").is_in(bestsellers).mean()).item()
    assert (people["rank"] == 1).mean() > (people["sku"] == people["sku_before"]).mean()
    assert known < 1


def test_a_folder_that_is_there_is_left_alone(shop):
    done = generate(shop)

    assert done.returncode == 2
    assert "exists already; name a new folder" in done.stderr
