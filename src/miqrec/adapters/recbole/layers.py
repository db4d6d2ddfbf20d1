"""MIQ-Attn with the arguments and results of RecBole's `MultiHeadAttention`."""

from torch import Tensor, nn

from miqrec.adapters.torch import MultiItemQueryMHA
from miqrec.nn.choices import Pooling


class MIQMultiHeadAttention(nn.Module):
    """RecBole's attention with its residual connection and layer norm, asking from the newest items.

    RecBole adds -10000 to the scores of what is hidden, padding and later items alike. The layer takes
    that for hidden, so that a row of padding alone has numbers, and dummy items stand directly before the
    first item.

    Args:
        n_heads: How many heads the width is cut into.
        hidden_size: D, the width.
        hidden_dropout_prob: The share of outputs set to zero in training.
        attn_dropout_prob: The share of attention probabilities set to zero in training.
        layer_norm_eps: What a layer norm adds to the variance.
        window: m, how many of the newest items ask.
        pooling: Which view of the answers counts, "mean" or "last".

    Raises:
        MiqrecError: As `MultiItemQueryAttention`.
    """

    def __init__(
        self,
        n_heads: int,
        hidden_size: int,
        hidden_dropout_prob: float,
        attn_dropout_prob: float,
        layer_norm_eps: float,
        *,
        window: int,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__()
        self.attention = MultiItemQueryMHA(
            *(hidden_size, n_heads, attn_dropout_prob),
            window=window,
            pooling=pooling,
            batch_first=True,
        )
        self.LayerNorm = nn.LayerNorm(hidden_size, eps=layer_norm_eps)
        self.out_dropout = nn.Dropout(hidden_dropout_prob)

    def forward(self, input_tensor: Tensor, attention_mask: Tensor) -> Tensor:
        """Attend.

        Args:
            input_tensor: (B, L, D).
            attention_mask: What is added to the scores, (B, 1, L or 1, L).

        Returns:
            Outputs (B, L, D).
        """
        x = input_tensor
        output, _ = self.attention(x, x, x, need_weights=False, attn_mask=attention_mask)
        normed: Tensor = self.LayerNorm(self.out_dropout(output) + x)
        return normed
