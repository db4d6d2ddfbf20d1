"""What pre-training learns beside the encoder, and fine-tuning leaves behind."""

from functools import partial

from torch import Tensor, nn

from miqrec.nn.initialise import initialise


class PretrainingHeads(nn.Module):
    """A linear map for each objective, and the attributes' vectors.

    The maps are the W of equations 11, 13, 15 and 17, with a bias as in the authors' code.

    Args:
        dim: D, the width of the encoder's states.
        n_attributes: May be 0, if no item has any.
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
        """(n_attributes, D)."""
        return self.attributes.weight
