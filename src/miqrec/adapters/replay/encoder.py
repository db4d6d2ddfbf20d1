"""RePlay's SASRec blocks with MIQ-Attn in them."""

from typing import Literal

from replay.nn.sequential.sasrec import SasRecTransformerLayer
from torch import nn

from miqrec.adapters.torch import MultiItemQueryMHA
from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.choices import Pooling


class MIQTransformerLayer(SasRecTransformerLayer):
    """RePlay's `SasRecTransformerLayer`, whose attention asks from the newest `window` items.

        model = SasRec.from_params(schema, embedding_dim=64, num_heads=2, num_blocks=2, dropout=0.2)
        model.body.encoder = MIQTransformerLayer(64, 2, 2, 0.2, "relu", window=5)
        model.reset_parameters()

    RePlay hides padding by two masks, which are added up: -inf in training, the lowest float in evaluation.
    The layer takes both for hidden, so that it computes the same in both modes, and the rows of padding,
    which see nothing at all, have numbers. Dummy items stand directly before the first item.

    Args:
        embedding_dim: D, the width.
        num_heads: How many heads D is cut into.
        num_blocks: How many blocks there are.
        dropout: The share set to zero in training, of attention probabilities too.
        activation: That of the feed-forward layers, "relu" or "gelu".
        hidden_dim: The width of the feed-forward layers, D by default.
        window: m, how many of the newest items ask.
        pooling: Which view of the answers counts, "mean" or "last".

    Raises:
        MiqrecError: As `MultiItemQueryAttention`.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_heads: int,
        num_blocks: int,
        dropout: float,
        activation: Literal["relu", "gelu"] = "gelu",
        hidden_dim: int | None = None,
        window: int = 5,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__(embedding_dim, num_heads, num_blocks, dropout, activation, hidden_dim)
        self.attention_layers = nn.ModuleList(
            MultiItemQueryMHA(
                *(embedding_dim, num_heads, dropout),
                window=window,
                pooling=pooling,
                batch_first=True,
            )
            for _ in range(num_blocks)
        )

    def reset_parameters(self) -> None:
        """Start as RePlay starts its own encoder: `SasRec` calls this when it is made.

        RePlay draws every parameter with two axes or more from a Glorot normal distribution, the matrices of
        queries, keys and values stacked as one. Each query matrix therefore starts at the scale of a part of
        such a stack, and dummy items as one matrix.
        """
        super().reset_parameters()
        for part in self.attention_layers.modules():
            if isinstance(part, MultiItemQueryAttention):
                _start(part)


def _start(layer: MultiItemQueryAttention) -> None:
    for name, parameter in layer.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif name in ("pool_value.weight", "dummy_items"):
            nn.init.xavier_normal_(parameter)
        else:  # as a third of a stack of three, whose fans are D and 3 D
            nn.init.normal_(parameter, std=(2 / (4 * layer.embed_dim)) ** 0.5)
