"""miqrec: sequential recommendation with Multi-Item-Query attention.

The attention layers need PyTorch alone; the rest is imported when `Recommender` is asked for.
"""

from typing import TYPE_CHECKING, Any

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention, QueryWeights

if TYPE_CHECKING:
    from miqrec.recommender import Recommender

__all__ = [
    "CausalSelfAttention",
    "MiqrecError",
    "MiqrecWarning",
    "MultiItemQueryAttention",
    "QueryWeights",
    "Recommender",
]


def __getattr__(name: str) -> Any:
    if name == "Recommender":
        from miqrec.recommender import Recommender

        return Recommender
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
