"""One step of pre-training: a batch of prefixes is corrupted in two ways, and gives four losses."""

from typing import Any

import lightning.pytorch as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typing_extensions import override

from miqrec.models.migrate import modernise_checkpoint
from miqrec.models.protocol import Pretrainable
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.pretraining.config import PretrainingConfig
from miqrec.training.pretraining.corruption import NegativeSource, cut_segments, mask_items
from miqrec.training.pretraining.examples import Prefixes
from miqrec.training.pretraining.heads import PretrainingHeads
from miqrec.training.pretraining.objectives import attribute_bce, contrast


class Pretraining(pl.LightningModule):
    """Train a model and its heads by the weighted sum of the losses.

    Args:
        model: What is pre-trained.
        config: The weights of the losses, the learning rate and the seed.
        labels: Which item has which attributes, (n_items + 1, n_attributes) bool. An item without
            any takes no part in AAP and MAP; in the authors' code it is one that lacks them all.
        source: Where negatives are drawn from.
        prefixes_per_batch: The mean size of a batch, by which sums over a batch are divided.
    """

    labels: Tensor

    def __init__(
        self,
        model: Pretrainable,
        config: PretrainingConfig,
        labels: Tensor,
        source: NegativeSource,
        prefixes_per_batch: float,
    ) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.heads = PretrainingHeads(model.item_vectors().shape[1], labels.shape[1])
        self.register_buffer("labels", labels, persistent=False)
        self.source = source
        self.prefixes_per_batch = prefixes_per_batch

    @override
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Read checkpoints of older versions too."""
        modernise_checkpoint(checkpoint, self.state_dict())

    @override
    def training_step(self, batch: list[Prefixes], batch_idx: int) -> Tensor:
        """Return the weighted sum of the losses, each summed over the batch and divided by its mean size."""
        seed, epoch = self.config.seed, self.current_epoch
        corruption = stream(seed, Purpose.CORRUPTION, epoch, batch_idx)
        generator = torch.Generator(self.device).manual_seed(corruption)
        with seeded(stream(seed, Purpose.DROPOUT, epoch, batch_idx)):
            pieces = [self.losses(piece, generator) for piece in batch]
        sums = {name: torch.stack([piece[name] for piece in pieces]).sum() for name in pieces[0]}
        means = {name: total / self.prefixes_per_batch for name, total in sums.items()}
        self.log_dict(means, on_step=False, on_epoch=True, logger=False, batch_size=1)
        weighted = [getattr(self.config, f"{name}_weight") * mean for name, mean in means.items()]
        return torch.stack(weighted).sum()

    def losses(self, piece: Prefixes, generator: torch.Generator) -> dict[str, Tensor]:
        """Compute the losses that have a weight, each summed over a piece of a batch."""
        losses = self.masked_losses(piece, generator) if self._masks_items else {}
        if self.config.sp_weight:
            losses["sp"] = self.segment_loss(piece, generator)
        return losses

    def masked_losses(self, batch: Prefixes, generator: torch.Generator) -> dict[str, Tensor]:
        """Compute AAP, MIP and MAP on a masked copy of each prefix, each summed over the prefixes."""
        share, mask = self.config.mask_share, self.model.mask
        masked = mask_items(batch, self.source, share, mask, generator)
        states = self.model(masked.items, batch.lengths)  # (B, L, D)
        visible = (batch.items > 0) & ~masked.hidden
        vectors = self.model.item_vectors()
        return {
            "aap": self._attribute_loss(self.heads.aap, states, batch.items, visible),
            "mip": contrast(
                self.heads.mip(states[masked.hidden]),
                F.embedding(masked.targets, vectors),
                F.embedding(masked.negatives, vectors),
            ),
            "map": self._attribute_loss(self.heads.map, states, batch.items, masked.hidden),
        }

    def segment_loss(self, batch: Prefixes, generator: torch.Generator) -> Tensor:
        """Compute SP, summed over the prefixes of two items or more, in which a context is left."""
        segments = cut_segments(batch, self.source, self.model.mask, generator)
        states = self.model.last(torch.cat(segments), batch.lengths.repeat(3))  # (3B, 1, D)
        context, positive, negative = states.view(3, len(batch.items), -1)
        kept = batch.lengths > 1
        return contrast(self.heads.sp(context[kept]), positive[kept], negative[kept])

    @override
    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Make Adam, fused where that is possible."""
        config = self.config
        return torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=config.fused)

    @property
    def _masks_items(self) -> bool:
        return self.config.aap_weight + self.config.mip_weight + self.config.map_weight > 0

    def _attribute_loss(
        self, head: nn.Linear, states: Tensor, items: Tensor, chosen: Tensor
    ) -> Tensor:
        labels = self.labels[items[chosen]]  # (N, n_attributes)
        described = labels.any(1)
        queries = head(states[chosen][described])
        return attribute_bce(queries, self.heads.attribute_vectors(), labels[described])
