"""The last window of a history: which positions and queries spoke, with what weight, and where each looked.

A transformer's list comes from its newest position, or, with a late mixture, from the newest n. In each
attention layer such a position asks one question, or with Multi-Item-Query attention m of them, one from each
item of its window. A question looks at the items up to its position, with weights that sum to 1.

What a layer looks at is not yet what counts: `miqrec.explanation.leaving_out` measures that.
"""

from typing import NamedTuple

import polars as pl
import torch
from torch import Tensor

from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.evaluation.mixture import answer_shares
from miqrec.evaluation.scoring import answer_weights, check_mix, n_answers
from miqrec.models.protocol import Model, learns
from miqrec.models.transformer import Transformer
from miqrec.models.watching import can_be_watched, watch
from miqrec.nn.attention import QueryWeights


class Window(NamedTuple):
    """What spoke when a history was read.

    Attributes:
        history: (t,) the internal ids that the model reads, oldest first.
        answers: a row for each position that answers: `position` (how many items came after it, 0 for the
            newest), `id` (its item), and `share`, its weight in the mixture. Empty for models that count.
        queries: a row for each layer (from 1, the first), answering position and query: `layer`, `answer`
            (the answering position), `query` (how many items before that position the query's item stands,
            0 for the position's own), `id` (the query's item; 0 where the window reaches beyond the
            history and a learned dummy item asks), `weight` (alpha; the weights of an answer's queries
            sum to 1), and `looks`, a list of t weights on the history, oldest first, averaged over heads;
            they sum to 1. Empty for models without attention, and for attention of one's own that
            doesn't tell its weights.
    """

    history: Tensor
    answers: pl.DataFrame
    queries: pl.DataFrame


@torch.inference_mode()
def window_of(
    model: Model, history: Tensor, inference: InferenceConfig = DEFAULT_INFERENCE
) -> Window:
    """Read off which positions and queries spoke, and where each looked.

    Args:
        model: any, in eval mode.
        history: (t,) internal ids, oldest first, at least one, on the model's device; t may exceed what the
            model reads.
        inference: how the model is used.

    Raises:
        MiqrecError: the model doesn't have the answers that are to be mixed.
    """
    check_mix(model, inference)
    read = history[-model.max_length :]
    items, lengths = read.unsqueeze(0), torch.tensor([len(read)], device=read.device)
    shares = _shares(model, items, lengths, inference)  # (n,)
    answers = {"position": range(len(shares)), "id": _ids(read, 0, len(shares)), "share": shares}
    layers: list[QueryWeights] = []
    if isinstance(model, Transformer) and can_be_watched(model):
        layers = [call.weights() for call in watch(model, items, lengths)]
    rows = [
        row
        for layer, weights in enumerate(layers, 1)
        for answer in range(len(shares))
        for row in _queries(layer, answer, weights, read)
    ]
    return Window(read, pl.DataFrame(answers, schema=ANSWERS), pl.DataFrame(rows, schema=QUERIES))


ANSWERS = {"position": pl.Int64(), "id": pl.Int64(), "share": pl.Float32()}
QUERIES = {
    "layer": pl.Int64(),
    "answer": pl.Int64(),
    "query": pl.Int64(),
    "id": pl.Int64(),
    "weight": pl.Float32(),
    "looks": pl.List(pl.Float32()),
}


def _shares(
    model: Model, items: Tensor, lengths: Tensor, inference: InferenceConfig
) -> list[float]:
    """Give the weight of each position that answers, the newest first."""
    if not learns(model):
        return []
    n = n_answers(model, inference)
    if n == 1:
        return [1.0]
    weights = answer_weights(model, model.last(items, lengths, n), lengths, inference)
    shares: list[float] = answer_shares(weights, lengths, n)[0, : items.shape[1]].tolist()
    return shares


def _ids(read: Tensor, position: int, n: int) -> list[int]:
    """Name the n items that end `position` items before the newest, newest first; 0 before the first."""
    newest_first: list[int] = read.flip(0)[position : position + n].tolist()
    return newest_first + [0] * (n - len(newest_first))


def _queries(
    layer: int, answer: int, weights: QueryWeights, read: Tensor
) -> list[dict[str, object]]:
    """Describe the queries of one answering position in one layer, the position's own first."""
    row = len(read) - 1 - answer
    alpha = weights.pooling[0, row].flip(0).tolist()  # (m,), newest first
    looks = weights.attention[0, :, row].mean(0).flip(0).tolist()  # (m, t)
    ids = _ids(read, answer, len(alpha))
    return [
        {
            "layer": layer,
            "answer": answer,
            "query": query,
            "id": id_,
            "weight": weight,
            "looks": look,
        }
        for query, (id_, weight, look) in enumerate(zip(ids, alpha, looks, strict=True))
    ]
