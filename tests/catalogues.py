"""A catalogue of vectors and histories of it, for what finds the best items."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from miqrec.models.encoder import Encoder

N_ITEMS = 40


class Walk(Encoder):
    """State t is the vector of item t, so that scores are products of items' vectors."""

    max_length = 6

    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        self.vectors = torch.nn.Parameter(vectors)

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.vectors[items]

    def item_vectors(self) -> Tensor:
        return self.vectors


@st.composite
def worlds(draw, integers=False):
    """Vectors, some histories with repeats and empty ones among them, what was seen, and what is allowed."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    size = N_ITEMS + 1, 3
    if integers:  # whose products are exact, and often equal
        vectors = torch.randint(-2, 3, size, generator=generator).float()
    else:
        vectors = torch.randn(size, generator=generator)
    lengths = torch.tensor(draw(st.lists(st.integers(0, 6), min_size=1, max_size=5)))
    items = torch.randint(1, N_ITEMS + 1, (len(lengths), 6), generator=generator)
    items[torch.arange(6) >= lengths.unsqueeze(1)] = 0
    rows, places = items.nonzero(as_tuple=True)
    popularity = torch.randint(0, 9, (N_ITEMS + 1,), generator=generator).float()
    allowed = torch.rand(len(lengths), N_ITEMS + 1, generator=generator) < draw(
        st.sampled_from([0.1, 0.9])
    )
    return Walk(vectors), popularity, (items, lengths, (rows, items[rows, places])), allowed
