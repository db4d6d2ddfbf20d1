"""Weights of a trained model in one of another catalogue: what belongs to an item moves with it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.models.protocol import Learner


def item_weights(model: Learner) -> Sequence[str]:
    """Name the weights that have a row for each item; row i is item i's, and row 0 padding's.

    A model says so by a method `item_weights`, which returns names of its `state_dict`. For one
    that has no such method they are the parameters whose memory `item_vectors` shares, as with an
    embedding that is both the input's and what states are compared with.
    """
    if hasattr(model, "item_weights"):
        return list(model.item_weights())
    shared = model.item_vectors().untyped_storage().data_ptr()
    parameters = model.named_parameters()
    return [name for name, p in parameters if p.untyped_storage().data_ptr() == shared]


def take_over(new: Learner, old: Learner, known: npt.NDArray[np.integer]) -> None:
    """Give `new` the weights of `old`; items that only `new` knows keep the fresh ones that they have.

    Rows that belong to no item, those of padding and of a mask behind the last item, are taken over
    as all other weights are.

    Args:
        new: A model of the same config for n_items items; changed in place.
        old: The trained model.
        known: (n_items,) the id in `old` of each item of `new`, 0 where it has none.

    Raises:
        MiqrecError: If the weights don't fit, because the model doesn't say which of them are items'.
    """
    weights, n_old = dict(old.state_dict()), len(old.item_vectors()) - 1
    if not np.array_equal(known, np.arange(1, n_old + 1)):
        fresh = new.state_dict()
        for name in item_weights(new):
            weights[name] = _rows(weights[name], fresh[name], n_old, known)
    try:
        new.load_state_dict(weights)
    except RuntimeError as error:
        raise MiqrecError(
            f"the weights don't fit another catalogue ({str(error).splitlines()[-1].strip()}); a model "
            "whose weights belong to items names them in a method item_weights"
        ) from error


def _rows(old: Tensor, fresh: Tensor, n_old: int, known: npt.NDArray[np.integer]) -> Tensor:
    """Gather a table's rows for the new catalogue: padding's, the items', and those behind the items."""
    rows = fresh.clone()
    rows[0] = old[0]
    rows[len(known) + 1 :] = old[n_old + 1 :]
    items = np.flatnonzero(known)
    rows[items + 1] = old[known[items]]
    return rows
