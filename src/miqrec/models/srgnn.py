"""SR-GNN: a gated graph network on the item graph of each session, with a state for every prefix.

Wu et al., "Session-based Recommendation with Graph Neural Networks", AAAI 2019 (arXiv 1811.00855).
In the graph of one prefix, x_i is the embedding of node i, v_i its state, and n the newest item's
node:

    a_i = [mean of x_j W_in + b_in over edges j -> i ; mean of x_j W_out + b_out over i -> j]
    v_i = GRU cell (input a_i, state x_i)                                       equations 1 to 5
    alpha_i = q . sigmoid(W1 v_n + W2 v_i + c)                                  equation 6
    s_g = sum over the prefix's positions of alpha_i v_i: a repeated item counts repeatedly
    state = W3 [s_g ; v_n]                                                      equation 7

Public code with a loss at every position runs the graph network over the whole sequence, which shows
the model the items that it has to predict. Here each prefix has a graph of its own, and
`miqrec.nn.session_graph` explains why 2 L nodes are enough for all of them.

Where the paper and its authors' code (CRIPAC-DIG/SR-GNN) differ, this model follows the code: b_in
and b_out are added before the mean, W3 has a bias, the GRU is PyTorch's, and each edge counts once.
Two departures: the code's further biases on a_i and on W2 are left out, since the bias of the GRU
cell and c can take their place; and the graph network makes exactly one step, the code's default.

torch-geometric's `GatedGraphConv` does not fit: it has one message matrix without a bias where this
model needs two with biases, its cell takes D inputs instead of 2 D, and every graph would have to be
written out.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from miqrec.models.configs.srgnn import SRGNNConfig
from miqrec.models.encoder import Encoder
from miqrec.nn.kernels.dropout import Dropout
from miqrec.nn.padding import check_length, take_rows, trim
from miqrec.nn.session_graph import (
    NodeVersions,
    SessionGraph,
    before,
    newest_versions,
    prefix_versions,
    session_graph,
    touching_edges,
)


class SRGNN(Encoder):
    """A session vector for every prefix, compared with the embeddings that are the input too.

    In training the sigmoids of equation 6 take the most memory: B L^2 D / 2 numbers, a few times.

    Args:
        n_items: Items are numbered 1..n_items.
        config: The sizes.
    """

    def __init__(self, n_items: int, config: SRGNNConfig) -> None:
        super().__init__()
        dim = config.dim
        self.max_length = config.max_length
        self.embedding = nn.Embedding(n_items + 1, dim, padding_idx=0)
        self.dropout = Dropout(config.dropout)
        self.incoming = nn.Linear(dim, dim)
        self.outgoing = nn.Linear(dim, dim)
        self.cell = nn.GRUCell(2 * dim, dim)
        self.query = nn.Linear(dim, dim)  # W1 and c
        self.key = nn.Linear(dim, dim, bias=False)  # W2
        self.importance = nn.Linear(dim, 1, bias=False)  # q
        self.transform = nn.Linear(2 * dim, dim)  # W3
        for parameter in self.parameters():  # all of them alike, as in the authors' code
            nn.init.uniform_(parameter, -1 / math.sqrt(dim), 1 / math.sqrt(dim))

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Encode every prefix, each as a graph of its own: (B, L), (B,) -> (B, L, D).

        Raises:
            MiqrecError: If L is above `max_length`.
        """
        check_length(items, self.max_length)
        graph = session_graph(items)
        return self._session_vectors(items, graph, prefix_versions(graph, lengths))

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Give the newest `n` states, each from the graph of its own prefix: (B, n, D)."""
        items, lengths = trim(items, lengths, self.max_length)
        graph = session_graph(items)
        return self._session_vectors(items, graph, newest_versions(graph, lengths, n))

    def item_vectors(self) -> Tensor:
        """Share the input's item embedding, (n_items + 1, D)."""
        return self.embedding.weight

    def _session_vectors(
        self, items: Tensor, graph: SessionGraph, versions: NodeVersions
    ) -> Tensor:
        """Encode T prefixes, which are made of V versions of nodes: (B, T, D)."""
        x = self.dropout(self.embedding(items))  # (B, L, D)
        states = self._propagate(x, graph, versions)  # (B, V, D)
        newest = take_rows(states, versions.newest)  # (B, T, D)
        weights = self._weights(states, newest, versions.occurrences)  # (B, T, V)
        vectors: Tensor = self.transform(torch.cat([weights @ states, newest], dim=-1))
        return vectors

    def _propagate(self, x: Tensor, graph: SessionGraph, versions: NodeVersions) -> Tensor:
        """Make one step of the graph network for V versions of nodes: (B, V, D)."""
        incoming, outgoing = touching_edges(graph, versions)  # (B, V, L)
        sources = _mean(self.incoming(before(x)), incoming)  # (B, V, D)
        targets = _mean(self.outgoing(x), outgoing)
        messages = torch.cat([sources, targets], dim=-1)  # (B, V, 2D)
        own = take_rows(x, versions.nodes)  # (B, V, D)
        states: Tensor = self.cell(messages.flatten(0, 1), own.flatten(0, 1))  # (B V, D)
        return states.view_as(own)

    def _weights(self, states: Tensor, newest: Tensor, occurrences: Tensor) -> Tensor:
        """Weigh each version by alpha times its occurrences in each prefix: (B, T, V).

        Most prefixes hold few versions, so alpha is computed where there is an occurrence. What is
        exported has n prefixes only and computes it everywhere, since its shapes may not depend on data.
        """
        if torch.compiler.is_exporting():
            pairs = self.query(newest)[:, :, None] + self.key(states)[:, None]  # (B, T, V, D)
            everywhere: Tensor = self.importance(torch.sigmoid(pairs)).squeeze(-1)
            return everywhere * occurrences
        row, prefix, version = occurrences.nonzero(as_tuple=True)  # (P,) each
        _, n_prefixes, n_versions = occurrences.shape
        # an embedding look-up is the indexing whose backward is fast on the CPU
        queries = F.embedding(row * n_prefixes + prefix, self.query(newest).flatten(0, 1))  # (P, D)
        keys = F.embedding(row * n_versions + version, self.key(states).flatten(0, 1))
        alpha: Tensor = self.importance(torch.sigmoid(queries + keys)).squeeze(1)  # (P,)
        alphas = alpha.new_zeros(occurrences.shape).index_put((row, prefix, version), alpha)
        return alphas * occurrences


def _mean(vectors: Tensor, edges: Tensor) -> Tensor:
    """Average the `vectors` (B, L, D) that each row of `edges` (B, V, L) marks; 0 where it marks none."""
    total = edges.to(vectors.dtype) @ vectors  # (B, V, D)
    return total / edges.sum(-1, keepdim=True).clamp(min=1)
