"""miqrec: sequential recommendation with Multi-Item-Query attention."""

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
