"""The named data sets are listed with where they are."""

import pooch
import pytest

from miqrec.data.named.definitions import DATASETS
from miqrec.data.named.listing import list_datasets


@pytest.fixture(autouse=True)
def _nothing_else_at_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path / "cache")
    monkeypatch.delenv("MIQREC_DATA", raising=False)
    monkeypatch.delattr(pooch, "retrieve")


def test_data_sets_are_described_with_where_they_are_and_nothing_is_fetched(tmp_path):
    (tmp_path / "u.data").write_text("1\t2\t3\t4\n")
    rows = {row.name: row for row in list_datasets(tmp_path)}
    assert tuple(rows) == tuple(DATASETS)
    assert rows["ml-100k"].place == str(tmp_path / "u.data")
    assert rows["lastfm"].place is None
    assert rows["demo"].place == "made when it is used"
    assert (rows["ml-1m"].users, rows["ml-1m"].items) == (6_040, 3_416)
    assert all(row.source and row.licence for row in rows.values())
