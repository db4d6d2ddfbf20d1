r"""The four objectives of S3-Rec, which take two forms (Zhou et al., CIKM 2020, section 4.3).

| objective                                 | equations | form           | queries                   |
|-------------------------------------------|-----------|----------------|---------------------------|
| AAP, associated attribute prediction      | 10, 11    | `attribute_bce`| states of visible items   |
| MIP, masked item prediction               | 12, 13    | `contrast`     | states of masked items    |
| MAP, masked attribute prediction          | 14, 15    | `attribute_bce`| states of masked items    |
| SP, segment prediction                    | 16, 17    | `contrast`     | states of contexts        |

Each query is a state times the objective's own matrix W (`PretrainingHeads`). The equations are
noise-contrastive with the whole vocabulary as noise, and contain slips (equation 12 sums no
exponentials, and all are maximised as written); what is computed here is what the authors' code
computes: binary cross-entropy over all attributes, and one sampled negative for an item or segment.
Its AAP predicts from the encoder's state at a visible item, where equation 11 has the item's
embedding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from miqrec.training.full_softmax import at_least_float32


def attribute_bce(queries: Tensor, attributes: Tensor, labels: Tensor) -> Tensor:
    """Compute the loss of predicted attributes, each by itself: AAP and MAP.

    It is the sum, over queries q and attributes a, of -log sigmoid(q . e_a) where the item has a, and
    of -log(1 - sigmoid(q . e_a)) where it has not.

    Args:
        queries: (N, D).
        attributes: The attributes' vectors e_a, (n_attributes, D).
        labels: (N, n_attributes) bool, which attributes the item of a query has.
    """
    scores = queries @ attributes.T  # (N, n_attributes)
    scores = scores.to(at_least_float32(scores))
    return F.binary_cross_entropy_with_logits(scores, labels.to(scores.dtype), reduction="sum")


def contrast(queries: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """Compute the loss of telling what was there from what was not: MIP and SP.

    It is the sum of -log sigmoid(f(q, positive) - f(q, negative)), where f(q, x) = sigmoid(q . x) as
    in equations 13 and 17. A term is therefore never below log(1 + 1/e) = 0.31.

    Args:
        queries: (N, D).
        positives: (N, D).
        negatives: (N, D).
    """
    queries = queries.to(at_least_float32(queries))
    positive = torch.sigmoid((queries * positives).sum(-1))  # (N,)
    negative = torch.sigmoid((queries * negatives).sum(-1))
    return F.softplus(negative - positive).sum()
