"""miqrec: sequential recommendation with Multi-Item-Query attention.

Everything is imported when it is asked for: the attention layers need PyTorch alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miqrec.errors import MiqrecError, MiqrecWarning
    from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention, QueryWeights
    from miqrec.recommender import Recommender

__all__ = [
    "CausalSelfAttention",
    "MiqrecError",
    "MiqrecWarning",
    "MultiItemQueryAttention",
    "QueryWeights",
    "Recommender",
]

PLACES = {
    "CausalSelfAttention": "miqrec.nn.attention",
    "MiqrecError": "miqrec.errors",
    "MiqrecWarning": "miqrec.errors",
    "MultiItemQueryAttention": "miqrec.nn.attention",
    "QueryWeights": "miqrec.nn.attention",
    "Recommender": "miqrec.recommender",
}


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(PLACES[name]), name)
