"""RePlay's ranking by the late mixture: RePlay itself ranks by one vector a user."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from replay.nn.sequential.sasrec import SasRec
from torch import Tensor

from miqrec.adapters.torch import late_mixture
from miqrec.errors import MiqrecError


class MixtureSasRec(SasRec):
    """A `SasRec` whose lists mix what the newest n states of a user predict.

        model = MixtureSasRec.from_params(schema, embedding_dim=64)
        model.weights = (0.6, 0.4)

    Training is RePlay's own, and so are the weights' names, so that a trained `SasRec` can hand them over:
    `model.load_state_dict(trained.state_dict())`. Do so once the model is made, which resets its weights.

    Each state's softmax runs over the items that may be recommended: those in `candidates_to_score`, or all,
    without those in the batch's `seen_ids`, where RePlay's `SeenItemsFilter` looks for them too.

    Args:
        body: As `SasRec`.
        loss: As `SasRec`.
        weights: How much each of the newest states counts, the newest first.

    Raises:
        MiqrecError: When it ranks, if weights are out of range or each user has candidates of its own.
    """

    def __init__(self, body: Any, loss: Any, weights: Sequence[float] = (0.6, 0.4)) -> None:
        super().__init__(body, loss)
        self.weights = tuple(weights)

    def forward(
        self,
        feature_tensors: Any,
        padding_mask: Tensor,
        candidates_to_score: Tensor | None = None,
        positive_labels: Tensor | None = None,
        negative_labels: Tensor | None = None,
        target_padding_mask: Tensor | None = None,
        seen_ids: Tensor | None = None,
    ) -> Any:
        """Return RePlay's loss in training, and otherwise `logits` (B, items), the logs of probabilities.

        RePlay reads off this signature what of a batch the model is given.

        Args:
            feature_tensors: The batch's features, (B, L) each.
            padding_mask: Which positions have an item, (B, L) bool.
            candidates_to_score: The items to rank, (items,); all by default.
            positive_labels: As `SasRec`, for training alone.
            negative_labels: Likewise.
            target_padding_mask: Likewise.
            seen_ids: Items to leave out, (B, any number); what is no item's number is ignored.
        """
        if self.training:
            labels = positive_labels, negative_labels, target_padding_mask
            return super().forward(feature_tensors, padding_mask, candidates_to_score, *labels)
        return self.forward_inference(feature_tensors, padding_mask, candidates_to_score, seen_ids)

    def forward_inference(
        self,
        feature_tensors: Any,
        padding_mask: Tensor,
        candidates_to_score: Tensor | None = None,
        seen_ids: Tensor | None = None,
    ) -> dict[str, Any]:
        """Rank by the mixture; see `forward`."""
        if candidates_to_score is not None and candidates_to_score.dim() != 1:
            raise MiqrecError(
                "the late mixture ranks the same candidates for everybody: give candidates_to_score one axis"
            )
        states = self.body(feature_tensors, padding_mask)
        vectors = self.body.embedder.get_item_weights(candidates_to_score)
        scores = late_mixture(
            states,
            F.pad(vectors, (0, 0, 1, 0)),  # row 0 stands for padding
            self.weights,
            padding=~padding_mask,
            seen=None if seen_ids is None else self._places(seen_ids, candidates_to_score),
        )
        return {"logits": scores[:, 1:], "hidden_states": (states,)}

    def _places(self, seen_ids: Tensor, candidates: Tensor | None) -> tuple[Tensor, Tensor]:
        """Name rows and columns of what was seen; column 0 is padding's."""
        n_items = len(self.body.embedder.get_item_weights(None))
        columns = torch.zeros(n_items + 1, dtype=torch.long, device=seen_ids.device)
        ids = torch.arange(n_items, device=seen_ids.device) if candidates is None else candidates
        columns[ids] = torch.arange(1, len(ids) + 1, device=seen_ids.device)
        known = seen_ids.clamp(max=n_items).masked_fill(seen_ids < 0, n_items)
        rows, places = (columns[known] > 0).nonzero(as_tuple=True)
        return rows, columns[known[rows, places]]
