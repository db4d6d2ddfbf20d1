"""Lists with the ids and titles that people know, for some of the users at a time."""

from dataclasses import replace

import numpy as np
import polars as pl

from miqrec.data.batches.slicing import slices
from miqrec.data.histories import Histories, Integers, parts_of
from miqrec.data.sequences import lengths_to_offsets
from miqrec.evaluation.index import HISTORIES, with_index
from miqrec.evaluation.top_lists import list_batches, n_batches
from miqrec.lists.asked import Asked
from miqrec.runs.requests import warn_of_empty_lists
from miqrec.system.progress import track


def make_lists(asked: Asked) -> pl.DataFrame:
    """Make all lists that were asked for, in memory.

    Returns:
        `user`, `item`, `title`, `score`, `rank` and `source`; and `probability` if the request wants it.
    """
    batches = list_batches(asked.request, histories_of(asked, asked.rows), asked.device)
    lists = pl.concat(track(batches, "recommending", n_batches(len(asked.rows))))
    warn_of_empty_lists(len(asked.rows) - lists["row"].n_unique(), len(asked.rows))
    return with_names(asked, asked.rows, lists.sort("row", "rank"))


def with_index_of(asked: Asked) -> Asked:
    """Have an approximate index propose candidates, and tell how much of the exact lists it finds.

    Raises:
        MiqrecError: As `miqrec.evaluation.index.with_index`.
    """
    places = np.linspace(0, len(asked.rows) - 1, min(len(asked.rows), 2 * HISTORIES))
    tried = histories_of(asked, asked.rows[places.astype(np.int64)])
    return asked._replace(request=with_index(asked.request, tried, asked.device))


def histories_of(asked: Asked, rows: Integers) -> Histories:
    """Take the histories of some users in the model's item numbers, without what it doesn't know.

    Where the model numbers the items otherwise, the histories of these users alone are copied.

    Args:
        asked: Holds the histories of all.
        rows: (n,) the users, as numbers in the data set.
    """
    histories = parts_of(asked.dataset, rows)
    if asked.numbers is None:
        return histories
    theirs, owners = slices(histories.items, histories.starts, histories.lengths)
    items = asked.numbers[theirs.numpy()]
    known = items > 0
    offsets = lengths_to_offsets(np.bincount(owners.numpy()[known], minlength=len(rows)))
    n_items, n_users = asked.artifact.catalogue.n_items, histories.n_users
    kinds = histories.kinds
    if kinds is not None:
        codes = slices(kinds.codes, histories.starts, histories.lengths)[0].numpy()[known]
        kinds = replace(kinds, codes=codes)
    return Histories(
        *(items[known], rows, offsets[:-1], offsets[1:], n_items, n_users), kinds=kinds
    )


def with_names(asked: Asked, rows: Integers, lists: pl.DataFrame) -> pl.DataFrame:
    """Put external ids and titles in the place of internal numbers.

    Args:
        asked: Knows them.
        rows: (n,) the users that the lists are of, in the order in which these number them.
        lists: As `recommend_lists` returns them.
    """
    catalogue = asked.artifact.catalogue
    by_attributes = pl.Series(catalogue.described).gather(lists["id"] - 1)
    is_described = by_attributes & (lists["source"] == "model")
    source = pl.when(is_described).then(pl.lit("attributes")).otherwise("source").alias("source")
    probability = [pl.col("probability")] if asked.request.with_probability else []
    return lists.select(
        asked.dataset.users.gather(rows[lists["row"]]).alias("user"),
        catalogue.decode(lists["id"]).alias("item"),
        catalogue.titles(lists["id"]).alias("title"),
        pl.col("score"),
        pl.col("rank"),
        source,
        *probability,
    )
