"""What a model must have, whoever wrote it: there is no base class and no list of models that decides.

A model is a `torch.nn.Module` with `scores` and `max_length`. One that fits itself, such as a baseline that
counts, has `fit` besides. One that is trained here has `forward`, `last` and `item_vectors` instead, which
`miqrec.models.encoder.Encoder` helps to write.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeGuard

if TYPE_CHECKING:  # names of models can be looked up without waiting for PyTorch
    from torch import Tensor, device, dtype, nn

    from miqrec.data.histories import Histories


class NamedConfig(Protocol):
    """The config of a model: a `miqrec.config.Config` with the model's name."""

    @property
    def name(self) -> str:
        """What the model is called on a command line, in a recipe and in a saved folder."""

    def model_dump(self, *, exclude: Any = None) -> dict[str, Any]:
        """Give the settings by their names, as pydantic does."""


class Model(Protocol):
    """A `torch.nn.Module` that scores all items as the next one; its `state_dict` is what is saved."""

    max_length: int
    """How many of a history's newest items the model reads."""

    def scores(self, items: "Tensor", lengths: "Tensor") -> "Tensor":
        """Score all items as the next one.

        Args:
            items: Item ids (B, L), padded with 0 on the right; L may exceed `max_length`.
            lengths: How many of each row are valid, (B,), at least 1.

        Returns:
            (B, n_items + 1) float32, also under autocast; column 0 belongs to padding and is never
            ranked.
        """

    def state_dict(self) -> dict[str, Any]:
        """Give the weights, as every module does."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take up saved weights, as every module does."""

    def parameters(self) -> "Iterator[nn.Parameter]":
        """Give what training changes, as every module does."""

    def named_parameters(self) -> "Iterator[tuple[str, nn.Parameter]]":
        """Give the parameters with their names, as every module does."""

    def zero_grad(self) -> None:
        """Forget gradients, as every module does."""

    def eval(self) -> Self:
        """Switch dropout off, as every module does."""

    def to(self, target: "device | dtype | str") -> Self:
        """Move the weights or change their type, as every module does."""


class Counter(Model, Protocol):
    """A model that fits itself in one pass over the histories: it counts, or solves an equation."""

    def fit(self, histories: "Histories") -> Any:
        """Fit to users' histories, which are parts of one flat array and never overlap."""


class Learner(Model, Protocol):
    """A model that is trained here, by comparing its states with the vectors of items.

    One that has weights of items beside these vectors, such as a bias an item, names all of them in a
    method `item_weights() -> list[str]`, so that it can start from a model of another catalogue.
    """

    def __call__(self, items: "Tensor", lengths: "Tensor") -> Any:
        """Encode every prefix: (B, L), (B,) -> states (B, L, D), where none depends on later items."""

    def last(self, items: "Tensor", lengths: "Tensor", n: int = 1) -> "Tensor":
        """Give the newest `n` states of each history's newest `max_length` items, newest first: (B, n, D).

        Rows beyond the first item that is read repeat its state.
        """

    def item_vectors(self) -> "Tensor":
        """Give what states are compared with, (n_items + 1, D); row 0 belongs to padding."""


class Pretrainable(Learner, Protocol):
    """A learner that `miqrec pretrain` can train on masked histories, read in both directions."""

    mask: int
    """The id that stands for a masked item; `item_vectors` has no row for it."""
    causal: bool
    """Whether a state depends on no later item; pre-training switches it off for a while."""


def counts(model: Model) -> TypeGuard[Counter]:
    """Whether the model fits itself."""
    return hasattr(model, "fit")


def learns(model: Model) -> TypeGuard[Learner]:
    """Whether the model is trained here."""
    return not counts(model)
