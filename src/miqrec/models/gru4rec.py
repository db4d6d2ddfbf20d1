"""GRU4Rec as later papers train it: on whole sequences, with a target at every position.

Hidasi et al., "Session-based Recommendations with Recurrent Neural Networks", ICLR 2016, in the
form that RecBole made usual: dropout on the embeddings, a GRU without biases, and a linear map from
its state to the embeddings' width, so that the embeddings score the items. RecBole predicts from
the last position only; a GRU reads forwards, so that every position may have its target.

Weights start as RecBole's: embeddings Xavier normal, each of the GRU's matrices (its three gates
in one) Xavier uniform, the linear map as PyTorch makes it.
"""

from typing import Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.models.encoder import Encoder
from miqrec.models.registry import register
from miqrec.nn.kernels.dropout import Dropout
from miqrec.nn.padding import check_length, newest, trim


class GRU4RecConfig(Config):
    """RecBole's sizes, with more dropout (0.3 there)."""

    name: Literal["gru4rec"] = "gru4rec"
    dim: PositiveInt = 64
    """Width of item vectors and states."""
    hidden: PositiveInt = 128
    """Width of the GRU."""
    n_layers: PositiveInt = 1
    """Layers of the GRU."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of the embeddings set to zero in training."""
    max_length: PositiveInt = 50
    """How many of the newest items the model reads."""


class GRU4Rec(Encoder):
    """Embeddings, a GRU, and a linear map back to the embeddings' width.

    Args:
        n_items: Items are numbered 1..n_items.
        config: Its sizes.
    """

    def __init__(self, n_items: int, config: GRU4RecConfig) -> None:
        super().__init__()
        self.max_length = config.max_length
        self.embedding = nn.Embedding(n_items + 1, config.dim, padding_idx=0)
        self.dropout = Dropout(config.dropout)
        self.gru = nn.GRU(config.dim, config.hidden, config.n_layers, bias=False, batch_first=True)
        self.project = nn.Linear(config.hidden, config.dim)
        nn.init.xavier_normal_(self.embedding.weight)
        for weight in self.gru.parameters():
            nn.init.xavier_uniform_(weight)

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Encode every prefix: `items` (B, L), `lengths` (B,) -> (B, L, D).

        A GRU reads forwards, so padding behind the items cannot reach them and nothing is packed.

        Raises:
            MiqrecError: If L is above `max_length`.
        """
        check_length(items, self.max_length)
        states: Tensor = self.project(self._hidden(items))
        return states

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Give the newest `n` states, of which alone the GRU's output is projected: (B, n, D)."""
        items, lengths = trim(items, lengths, self.max_length)
        states: Tensor = self.project(newest(self._hidden(items), lengths, n))
        return states

    def item_vectors(self) -> Tensor:
        """Share the input's item embedding, (n_items + 1, D)."""
        return self.embedding.weight

    def _hidden(self, items: Tensor) -> Tensor:
        hidden: Tensor = self.gru(self.dropout(self.embedding(items)))[0]  # (B, L, H)
        return hidden


register(GRU4RecConfig, GRU4Rec)
