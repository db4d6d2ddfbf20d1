"""What the queries of Multi-Item-Query attention answer at the newest position, and how they are weighed."""

from torch import Tensor

from miqrec.models.protocol import Model
from miqrec.models.transformer import Transformer
from miqrec.models.watching import watch
from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.padding import newest, newest_positions, take_rows, trim


def has_queries(model: Model) -> bool:
    """Whether the model's last block asks from several items."""
    if not isinstance(model, Transformer):
        return False
    attention = model.blocks[-1].attention
    return isinstance(attention, MultiItemQueryAttention) and attention.window > 1


def newest_answers(model: Transformer, items: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Read the answers o_{t,j} and their weights alpha_{t,j} in the last block, t being the newest item.

    Args:
        model: one that `has_queries`, in eval mode.
        items: (B, L) item ids, padded with 0 on the right; L may exceed the model's `max_length`.
        lengths: (B,) how many of each row are valid, at least 1.

    Returns:
        The answers (B, m, D), heads side by side, and the weights (B, m), the newest item's last.
    """
    items, lengths = trim(items, lengths, model.max_length)
    call = watch(model, items, lengths)[-1]
    weights = call.weights()
    alpha = newest(weights.pooling, lengths).squeeze(1)  # (B, m)
    places = newest_positions(lengths)  # (B, 1)
    B, heads, L, m, _ = weights.attention.shape
    by_row = weights.attention.transpose(1, 2).reshape(B, L, -1)  # (B, L, heads * m * L)
    looks = take_rows(by_row, places).view(B, heads, m, L)
    values = (
        call.layer.value(call.key_value).view(B, L, heads, -1).transpose(1, 2)
    )  # (B, heads, L, d)
    return (looks @ values).transpose(1, 2).flatten(2), alpha
