"""RecTools' ranking by the late mixture: RecTools itself ranks by one vector a user."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from rectools.models.nn.transformers.lightning import TransformerLightningModule
from rectools.models.nn.transformers.similarity import DistanceSimilarityModule
from rectools.models.rank import Distance
from torch import Tensor

from miqrec.adapters.torch import late_mixture
from miqrec.errors import MiqrecError

ROWS = 128
"""How many users are ranked at a time."""


class MixtureLightningModule(TransformerLightningModule):
    """RecTools' module whose lists mix what the newest n states of a user predict.

        SASRecModel(
            lightning_module_type=MixtureLightningModule,
            lightning_module_kwargs={"weights": [0.6, 0.4]},
        )

    Training is RecTools' own. Each state's softmax runs over the items that may be recommended to the user,
    at the temperature `logits_t` of the training. Items similar to items are found as before.

    Args:
        arguments: Those of `TransformerLightningModule`.
        weights: How much each of the newest states counts, the newest first.
        options: Those of `TransformerLightningModule`.

    Raises:
        MiqrecError: When it ranks, if scores are no dot products, or weights are out of range.
    """

    def __init__(self, *arguments: Any, weights: Sequence[float], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.weights = tuple(weights)

    @torch.no_grad()
    def _recommend_u2i(
        self,
        user_ids: Any,
        recommend_dataloader: Any,
        sorted_item_ids_to_recommend: Any,
        k: int,
        dataset: Any,
        filter_viewed: bool,
        torch_device: str | None,
    ) -> tuple[Any, Any, Any]:
        """Recommend to users: flat arrays of users, items and scores, the best first for each user."""
        _check_similarity(self.torch_model.similarity_module)
        states, real, item_vectors = self._newest(recommend_dataloader, torch_device)
        items = torch.as_tensor(sorted_item_ids_to_recommend)
        candidates = F.pad(item_vectors[items], (0, 0, 1, 0))  # row 0 stands for padding
        viewed = None
        if filter_viewed:
            matrix = dataset.get_user_item_matrix(include_weights=False, include_warm_items=True)
            viewed = matrix[user_ids][:, sorted_item_ids_to_recommend]

        found = []
        for first in range(0, len(user_ids), ROWS):
            rows = torch.as_tensor(user_ids[first : first + ROWS])
            seen = None if viewed is None else _pairs(viewed[first : first + ROWS])
            scores = late_mixture(
                states[rows].to(candidates.device),
                candidates,
                self.weights,
                padding=~real[rows].to(candidates.device),
                seen=seen,
                temperature=self.logits_t,
            )
            best = scores[:, 1:].topk(min(k, len(items)))
            found.append(_flat(rows, items, best.values.cpu(), best.indices.cpu()))
        users, chosen, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return users, chosen, values

    def _newest(self, batches: Any, torch_device: str | None) -> tuple[Tensor, Tensor, Tensor]:
        """Encode all users: states (users, n, D), which of them are real (users, n), and item vectors."""
        self._prepare_for_inference(torch_device)
        n, device = len(self.weights), self.torch_model.item_model.device
        item_vectors = self.torch_model.item_model.get_all_embeddings()
        states, real = [], []
        for batch in batches:
            inputs = {name: tensor.to(device) for name, tensor in batch.items()}
            encoded = self.torch_model.encode_sessions(inputs, item_vectors)
            states.append(encoded[:, -n:].cpu())
            real.append(batch["x"][:, -n:] != 0)
        return torch.cat(states), torch.cat(real), item_vectors


def _check_similarity(module: Any) -> None:
    is_dot = isinstance(module, DistanceSimilarityModule) and module.distance == Distance.DOT
    if not is_dot:
        raise MiqrecError(
            "the late mixture needs scores that are dot products: leave similarity_module_type and its "
            "distance as they are by default"
        )


def _pairs(viewed: Any) -> tuple[Tensor, Tensor]:
    """Name the rows and columns of what was viewed; column 0 of scores is padding's."""
    rows, columns = viewed.nonzero()
    return torch.as_tensor(rows).long(), torch.as_tensor(columns).long() + 1


def _flat(rows: Tensor, items: Tensor, scores: Tensor, columns: Tensor) -> tuple[Any, Any, Any]:
    """Make flat arrays of lists (B, k), without what was left out."""
    kept = scores.isfinite()
    users = rows.unsqueeze(1).expand_as(scores)
    return users[kept].numpy(), items[columns[kept]].numpy(), scores[kept].numpy()
