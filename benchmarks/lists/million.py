"""A model whose state is the newest item's vector: of a catalogue of any size, scoring is all its work."""

import torch
from torch import Tensor

from miqrec.models.encoder import Encoder

DIM = 64
CENTRES = 1000
"""Items are around so many centres, as items that go together are in a trained model."""


class Newest(Encoder):
    """State t is item t's vector, moved a little."""

    max_length = 1

    def __init__(self, n_items: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        centres = torch.randn(CENTRES, DIM, generator=draw)
        places = torch.randint(CENTRES, (n_items + 1,), generator=draw)
        vectors = torch.randn(n_items + 1, DIM, generator=draw).mul_(0.7).add_(centres[places])
        sizes = (
            torch.rand(n_items + 1, 1, generator=draw) + 0.5
        )  # popular items have longer vectors
        self.vectors = torch.nn.Parameter(vectors.mul_(sizes), requires_grad=False)

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Look up the vectors."""
        return self.vectors[items]

    def item_vectors(self) -> Tensor:
        """Give all vectors."""
        return self.vectors
