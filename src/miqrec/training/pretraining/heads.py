"""The heads of pre-training: weights that it learns beside the model, and that are thrown away."""

from functools import partial

from torch import Tensor, nn

from miqrec.nn.initialisation import initialise


class PretrainingHeads(nn.Module):
    """A linear map for each objective, and the attributes' vectors.

    The maps are the W of equations 11, 13, 15 and 17, with a bias as in the authors' code.

    Args:
        dim: D, the width of the encoder's states.
        n_attributes: The number of attributes; 0 if no item has any.
    """

    def __init__(self, dim: int, n_attributes: int) -> None:
        super().__init__()
        self.aap = nn.Linear(dim, dim)
        self.mip = nn.Linear(dim, dim)
        self.map = nn.Linear(dim, dim)
        self.sp = nn.Linear(dim, dim)
        self.attributes = nn.Embedding(n_attributes, dim)
        initialise(self, partial(nn.init.normal_, std=0.02))

    def attribute_vectors(self) -> Tensor:
        """Return the vectors of the attributes, (n_attributes, D)."""
        return self.attributes.weight
