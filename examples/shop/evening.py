"""An evening's work: from a shop's log to tonight's lists for everybody, and what they may be expected to do.

    python examples/shop/generate.py shop
    python examples/shop/evening.py shop

`evening.sh` does the same by commands.
"""

import sys
from pathlib import Path

import polars as pl

from miqrec import Recommender
from stock import in_stock

shop = Path(sys.argv[1])

# 1. Look at the data. Nobody looks at a hundred products a day but bots, which want nothing.
log, items = pl.read_parquet(shop / "log"), pl.read_parquet(shop / "items.parquet")
busiest = log.group_by("shopper_ref", "day").len().sort("len", descending=True)
print(log["what"].value_counts(), busiest.head(8))
bots = busiest.filter(pl.col("len") > 100)["shopper_ref"].unique()
people = log.filter(~pl.col("shopper_ref").is_in(bots.implode()))
again = 1 - people.select("shopper_ref", "sku").n_unique() / len(people)
print(
    f"{len(bots)} bots are left out; {again:.0%} of the events are with a product that was met before"
)

# 2. Evaluate. People come back to what they had looked at, so it may be recommended and counts.
data = {"user": "shopper_ref", "item": "sku", "time": "happened_ms", "kind": "what", "items": items}
sasrec = {"model": "sasrec", "max_length": 50, "epochs": 8, "learning_rate": 0.003}
nightly = {"split": "time", "questions": "first"}  # a list made at night is used on the next visit
splits = {
    "each shopper's last event": {"split": "leave-one-out"},
    "every event of the last days": {"split": "time"},
    "each shopper's first event of the last days": nightly,
}
scores = []
for asked, split in splits.items():
    for model in (sasrec, {"model": "markov"}):
        rec = Recommender.fit(people, **data, **model, **split, exclude_seen=False)
        scores.append({"asked for": asked, "model": model["model"], **rec.evaluate()})
table = pl.DataFrame(scores).select("asked for", "model", "HR@10", "NDCG@10", "MRR")
with pl.Config(tbl_rows=-1, fmt_str_lengths=50, float_precision=3):
    print(table)
table.write_csv(shop / "scores.csv")

# 3. Fit on everything, and recommend to everybody: more than is shown, since some of it is sold out.
#    `nightly` chooses the number of epochs.
final = Recommender.fit(people, **data, **sasrec, **nightly, exclude_seen=False, final=True)
lists = in_stock(final.recommend(k=50), items)
lists.write_parquet(shop / "lists.parquet")
final.save(shop / "model")
print(lists.head(3))
