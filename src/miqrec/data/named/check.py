"""Whether a named data set came out in the size that published numbers were measured on."""

import warnings

from miqrec.data.dataset import Dataset
from miqrec.data.named.definitions import definition
from miqrec.errors import MiqrecWarning


def check_size(name: str, dataset: Dataset) -> None:
    """Warn if a data set's counts are not those that published numbers were measured on."""
    sequences, expected = dataset.sequences, definition(name)
    counts = (sequences.n_users, sequences.n_items, len(sequences.items))
    published = (expected.users, expected.items, expected.interactions)
    if counts != published:
        message = (
            "{} has {:,} users, {:,} items and {:,} interactions, but should have {:,}, {:,} and "
            "{:,}; scores on it cannot be compared with published ones"
        )
        warnings.warn(message.format(name, *counts, *published), MiqrecWarning, stacklevel=2)
