"""The engine of saved models: PyTorch, by the functions that evaluation uses."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from miqrec.evaluation.inference import InferenceConfig, Mix
from miqrec.evaluation.probabilities import log_probabilities
from miqrec.evaluation.ranking import EXCLUDED, top_k
from miqrec.evaluation.scoring import score_items
from miqrec.recommender import Recommender
from miqrec.runs.artifact import Artifact, artifact_folder
from miqrec.runs.usage import choose_for_lists, choose_for_probabilities
from miqrec.serving.engine.protocol import About, Listed, Query
from miqrec.serving.items import Ids, Items
from miqrec.system.checksums import hash_file


class TorchEngine:
    """A saved model in PyTorch; see `miqrec.serving.engine.protocol.Engine`."""

    def __init__(self, artifact: Artifact, version: str) -> None:
        self.artifact = artifact
        self.about = About(artifact.config.model.name, version, "torch")
        self.catalogue, self.counts = artifact.catalogue, artifact.counts
        self.items = Items(artifact.catalogue, artifact.counts)
        self.inference = artifact.config.inference
        self.popularity = artifact.popularity
        artifact.model.eval()
        self._choose = lru_cache(256)(self._chosen)

    @classmethod
    def load(cls, path: Path) -> "TorchEngine":
        """Load a saved model or a run."""
        artifact = Recommender.load(path, device="cpu").artifact
        return cls(artifact, hash_file(artifact_folder(path) / "config.json")[:12])

    def choose(
        self, mix: Mix | None, temperature: float | None, *, with_probability: bool
    ) -> InferenceConfig:
        """Take what a request gives, and for the rest what was saved with the model."""
        weights = tuple(mix) if mix is not None and not isinstance(mix, str) else mix
        return self._choose(weights, temperature, with_probability)

    def _chosen(
        self, mix: Mix | None, temperature: float | None, with_probability: bool
    ) -> InferenceConfig:
        choose = choose_for_probabilities if with_probability else choose_for_lists
        return choose(self.artifact, mix, temperature, exclude_seen=True)

    @torch.inference_mode()
    def lists(self, queries: Sequence[Query]) -> list[Listed]:
        """Answer queries of the same `inference`, in one pass of the model."""
        inference = queries[0].inference
        scores = self._scores(queries, inference)  # (B, n_items + 1)
        logs = None
        if any(query.with_probability for query in queries):
            logs = log_probabilities(scores, self.artifact.model, inference)
        for row, query in zip(scores, queries, strict=True):
            if query.allowed is not None:
                row[torch.from_numpy(~query.allowed)] = EXCLUDED
        longest = min(max(query.k for query in queries), self.catalogue.n_items)
        values, ids = top_k(scores, longest)
        found = None if logs is None else logs.gather(1, ids).exp()
        return [
            _listed(query, values[i], ids[i], None if found is None else found[i])
            for i, query in enumerate(queries)
        ]

    def _scores(self, queries: Sequence[Query], inference: InferenceConfig) -> Tensor:
        """Score all items, -inf for what was seen: (B, n_items + 1)."""
        newest = [query.history[-self.artifact.model.max_length :] for query in queries]
        lengths = torch.tensor([len(history) for history in newest])
        items = pad_sequence([torch.from_numpy(history) for history in newest], batch_first=True)
        if items.shape[1] == 0:
            items = items.new_zeros(len(queries), 1)
        model, popularity = self.artifact.model, self.popularity
        return score_items(model, items, lengths, popularity, inference, _pairs(queries))


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
