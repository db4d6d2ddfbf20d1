"""The engine of saved models: PyTorch, by the functions that evaluation uses."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from miqrec.evaluation.best import best_items
from miqrec.evaluation.index import ItemIndex, made_up_histories, with_index
from miqrec.evaluation.inference import InferenceConfig, Mix
from miqrec.evaluation.top_lists import ListRequest
from miqrec.recommender import Recommender
from miqrec.runs.artifact import Artifact, artifact_folder, for_use
from miqrec.runs.usage import choose_for_lists
from miqrec.serving.engine.protocol import About, Listed, Query
from miqrec.serving.items import Ids, Items
from miqrec.system.checksums import hash_file

TRIED = 20
"""The length of lists and of made-up histories on which an index is tried."""


class TorchEngine:
    """A saved model in PyTorch; see `miqrec.serving.engine.protocol.Engine`."""

    def __init__(self, artifact: Artifact, version: str) -> None:
        self.artifact = artifact
        self.about = About(artifact.config.model.name, version, "torch")
        self.catalogue, self.counts = artifact.catalogue, artifact.counts
        self.items = Items(artifact.catalogue, artifact.counts)
        self.item_column = artifact.config.data.columns.item
        self.inference = artifact.config.inference
        self.popularity = artifact.popularity
        self.item_index: ItemIndex | None = None
        artifact.model.eval()
        # It holds the artifact and not the engine: without a cycle, a swapped engine is freed at once.
        choose = partial(choose_for_lists, artifact, exclude_seen=True)
        self._choose = lru_cache(256)(choose)

    @classmethod
    def load(cls, path: Path, *, index: bool = False) -> "TorchEngine":
        """Load a saved model or a run, and index its items if that is wanted."""
        path = for_use(path)
        artifact = Recommender.load(path, device="cpu").artifact
        engine = cls(artifact, hash_file(artifact_folder(path) / "config.json")[:12])
        if index:
            k = min(TRIED, engine.catalogue.n_items)
            inference = engine.choose(None, None, with_probability=False)
            request = ListRequest(artifact.model, engine.popularity, k, inference)
            histories = made_up_histories(artifact.counts, min(artifact.model.max_length, TRIED))
            engine.item_index = with_index(request, histories).item_index
        return engine

    def choose(
        self, mix: Mix | None, temperature: float | None, *, with_probability: bool
    ) -> InferenceConfig:
        """Take what a request gives, and for the rest what was saved with the model."""
        weights = tuple(mix) if mix is not None and not isinstance(mix, str) else mix
        return self._choose(mix=weights, temperature=temperature, with_probability=with_probability)

    @torch.inference_mode()
    def lists(self, queries: Sequence[Query]) -> list[Listed]:
        """Answer queries of the same `inference`, in one pass of the model."""
        request = ListRequest(
            self.artifact.model,
            self.popularity,
            min(max(query.k for query in queries), self.catalogue.n_items),
            queries[0].inference,
            any(query.with_probability for query in queries),
            self.item_index,
        )
        items, lengths = self._histories(queries)
        best = best_items(request, items, lengths, _pairs(queries), self._allowed(queries))
        found = best.probabilities
        return [
            _listed(query, best.values[i], best.items[i], None if found is None else found[i])
            for i, query in enumerate(queries)
        ]

    def _histories(self, queries: Sequence[Query]) -> tuple[Tensor, Tensor]:
        """Pad what the model reads: (B, L) on the right, and the lengths (B,)."""
        newest = [query.history[-self.artifact.model.max_length :] for query in queries]
        lengths = torch.tensor([len(history) for history in newest])
        items = pad_sequence([torch.from_numpy(history) for history in newest], batch_first=True)
        return (items if items.shape[1] else items.new_zeros(len(queries), 1)), lengths

    def _allowed(self, queries: Sequence[Query]) -> Tensor | None:
        """Stack what the lists may hold, (B, n_items + 1); None where no query says."""
        if all(query.allowed is None for query in queries):
            return None
        every = np.ones(self.catalogue.n_items + 1, bool)
        masks = [every if query.allowed is None else query.allowed for query in queries]
        return torch.from_numpy(np.stack(masks))


def _pairs(queries: Sequence[Query]) -> tuple[Tensor, Tensor]:
    """Give rows and items of what was seen."""
    sizes = [len(query.seen) for query in queries]
    seen: Ids = np.concatenate([query.seen for query in queries])
    return torch.from_numpy(np.repeat(np.arange(len(queries)), sizes)), torch.from_numpy(seen)


def _listed(query: Query, values: Tensor, ids: Tensor, found: Tensor | None) -> Listed:
    """Take one row's list of k, without the zeros that fill up a short one."""
    size = min(query.k, int((ids > 0).sum()))
    is_wanted = found is not None and query.with_probability and len(query.history) > 0
    probabilities = found[:size].tolist() if found is not None and is_wanted else None
    return Listed(ids[:size].tolist(), values[:size].tolist(), probabilities)
