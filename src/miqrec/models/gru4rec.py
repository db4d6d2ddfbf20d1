"""GRU4Rec as later papers train it: on whole sequences, with a target at every position.

The model is that of Hidasi et al., "Session-based Recommendations with Recurrent Neural Networks",
ICLR 2016, in RecBole's form: dropout on the embeddings, a GRU without biases, and a linear map from
the GRU's state to the width of the embeddings, which then score the items. RecBole predicts from the
last position only. A GRU reads forwards, so every position can have a target, and here it does.

Weights start as in RecBole: embeddings Xavier normal, each matrix of the GRU (its three gates in one)
Xavier uniform, and the linear map as PyTorch initialises it.
"""

import torch
from torch import Tensor, nn

from miqrec.models.configs.gru4rec import GRU4RecConfig
from miqrec.models.encoder import Encoder
from miqrec.nn.kernels.dropout import Dropout
from miqrec.nn.kernels.recurrent import exportable_gru
from miqrec.nn.padding import check_length, newest, trim


class GRU4Rec(Encoder):
    """Embeddings, a GRU, and a linear map back to the embeddings' width.

    Args:
        n_items: Items are numbered 1..n_items.
        config: The sizes.
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

        A GRU reads forwards, so the padding behind the items never reaches them.

        Raises:
            MiqrecError: If L is above `max_length`.
        """
        check_length(items, self.max_length)
        states: Tensor = self.project(self._hidden(items))
        return states

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Give the newest `n` states; only their GRU outputs are projected: (B, n, D)."""
        items, lengths = trim(items, lengths, self.max_length)
        states: Tensor = self.project(newest(self._hidden(items), lengths, n))
        return states

    def item_vectors(self) -> Tensor:
        """Share the input's item embedding, (n_items + 1, D)."""
        return self.embedding.weight

    def _hidden(self, items: Tensor) -> Tensor:
        x = self.dropout(self.embedding(items))  # (B, L, D)
        if torch.compiler.is_exporting():
            return exportable_gru(self.gru, x)
        hidden: Tensor = self.gru(x)[0]  # (B, L, H)
        return hidden
