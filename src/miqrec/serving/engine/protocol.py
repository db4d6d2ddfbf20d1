"""What the service asks of an engine, in arrays of internal ids."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from miqrec.data.catalogue import Catalogue
from miqrec.evaluation.inference import InferenceConfig, Mix
from miqrec.serving.items import Ids, Items


class Query(NamedTuple):
    """One list that is asked for; items are internal ids.

    Attributes:
        history: (n,) oldest first; popularity answers where it is empty.
        seen: (m,) items that are no candidates, for those that the user has had. The softmax of a mixture
            runs over the others.
        allowed: (n_items + 1,) which items the list may hold; None for all.
        k: The length of the list.
        inference: How the model is used; that of `Engine.choose`.
        with_probability: Say how likely each item is to be the next one.
    """

    history: Ids
    seen: Ids
    allowed: npt.NDArray[np.bool_] | None
    k: int
    inference: InferenceConfig
    with_probability: bool = False


class Listed(NamedTuple):
    """The list that answers a query, the best first; shorter than `k` where fewer items are allowed."""

    ids: list[int]
    scores: list[float]
    probabilities: list[float] | None  # None where nobody asked, or popularity answered


class About(NamedTuple):
    """What an engine runs."""

    model: str  # its name, such as "miq-sasrec"
    version: str  # changes with every weight, item and setting of the saved model
    runtime: str  # "torch" or "onnxruntime"


class Engine(Protocol):
    """A model with its items; several threads may ask it at the same time."""

    about: About
    catalogue: Catalogue
    items: Items
    """The catalogue's items by their own ids."""
    counts: npt.NDArray[np.int64]
    """(n_items,) how often each item was interacted with in training."""
    item_column: str | None
    """What the log that the model was trained on calls an item's id, if that was said."""
    inference: InferenceConfig
    """How the model is used where a request doesn't say."""

    def choose(
        self, mix: Mix | None, temperature: float | None, *, with_probability: bool
    ) -> InferenceConfig:
        """Take what a request gives, and for the rest what was saved with the model.

        Raises:
            MiqrecError: The model can't be used so.
        """

    def lists(self, queries: Sequence[Query]) -> list[Listed]:
        """Answer queries of the same `inference`, in one pass of the model."""
