"""miqrec: sequential recommendation with Multi-Item-Query attention.

Everything is imported when it is asked for: the attention layers need PyTorch alone.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.errors import MiqrecError, MiqrecWarning
    from miqrec.nn import CausalSelfAttention, MultiItemQueryAttention, QueryWeights
    from miqrec.recommender import Recommender

__all__ = [
    "CausalSelfAttention",
    "MiqrecError",
    "MiqrecWarning",
    "MultiItemQueryAttention",
    "QueryWeights",
    "Recommender",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.errors": ["MiqrecError", "MiqrecWarning"],
        "miqrec.nn": ["CausalSelfAttention", "MultiItemQueryAttention", "QueryWeights"],
        "miqrec.recommender": ["Recommender"],
    },
)
