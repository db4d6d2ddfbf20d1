"""The items' attributes as targets of two of the objectives."""

import hashlib
import json

import polars as pl
import torch
from torch import Tensor

from miqrec.data.catalogue import Catalogue
from miqrec.data.ids import positions


def attribute_labels(catalogue: Catalogue) -> Tensor:
    """Mark each item's attributes: (n_items + 1, n_attributes) bool, attributes in sorted order.

    Row 0 belongs to padding; it is empty, as is the row of an item without attributes. The table is
    dense: it takes a byte for each pair of an item and an attribute.
    """
    owned = (
        catalogue.frame.select(pl.int_range(1, pl.len() + 1).alias("id"), "attributes")
        .explode("attributes")
        .drop_nulls()
    )
    names = owned["attributes"].unique().sort()
    labels = torch.zeros(catalogue.n_items + 1, len(names), dtype=torch.bool)
    columns = torch.tensor(positions(owned["attributes"], names))
    labels[owned["id"].to_torch(), columns] = True
    return labels


def attributes_fingerprint(catalogue: Catalogue) -> str:
    """Hash every item's attributes, whose order does not matter, by SHA-256 (hex)."""
    lists = catalogue.frame["attributes"].list.sort().to_list()
    return hashlib.sha256(json.dumps(lists).encode()).hexdigest()
