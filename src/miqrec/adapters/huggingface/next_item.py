"""The encoder with scores and a loss, so that Transformers' `Trainer` can train and score it."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.adapters.huggingface.pretrained import MIQRecConfig, MIQRecModel
from miqrec.adapters.torch import late_mixture
from miqrec.system.optional import optional

optional("transformers", "huggingface")

from transformers import PreTrainedModel  # noqa: E402
from transformers.utils import ModelOutput  # noqa: E402


@dataclass
class NextItemOutput(ModelOutput):
    """The loss, where there are labels, and in evaluation logits (B, vocab_size)."""

    loss: Tensor | None = None
    logits: Tensor | None = None


class MIQRecForNextItem(PreTrainedModel):
    """`MIQRecModel` with a softmax over all items.

        Trainer(MIQRecForNextItem(MIQRecConfig(vocab_size=1001)), arguments, train_dataset=histories)

    The logits say what follows the whole history. `config.mixture` names how much each of the newest states
    counts in them, the newest first; with several they are logarithms of probabilities.
    """

    config_class = MIQRecConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"

    def __init__(self, config: MIQRecConfig) -> None:
        super().__init__(config)
        self.model = MIQRecModel(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        self.model._init_weights(module)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        seen_ids: Tensor | None = None,
    ) -> NextItemOutput:
        """Score items.

        Args:
            input_ids: As `MIQRecModel`.
            attention_mask: As `MIQRecModel`.
            labels: The item after each position, (B, L); the loss is the mean cross-entropy of those above 0.
            seen_ids: Items to leave out of the logits, (B, any number), with 0 for none.

        Raises:
            MiqrecError: As `MIQRecModel`, or if weights of the mixture are out of range.
        """
        states = self.model(input_ids, attention_mask).last_hidden_state
        vectors = self.model.get_input_embeddings().weight
        loss = None if labels is None else _loss(states, vectors, labels)
        if self.training:
            return NextItemOutput(loss=loss)
        padding = input_ids == 0 if attention_mask is None else attention_mask == 0
        logits = late_mixture(
            states,
            vectors,
            self.config.mixture,
            padding=padding,
            seen=None if seen_ids is None else _pairs(seen_ids),
        )
        return NextItemOutput(loss=loss, logits=logits)


def _loss(states: Tensor, vectors: Tensor, labels: Tensor) -> Tensor:
    asked = labels > 0
    return F.cross_entropy(states[asked] @ vectors[1:].T, labels[asked] - 1)


def _pairs(seen_ids: Tensor) -> tuple[Tensor, Tensor]:
    rows, places = (seen_ids > 0).nonzero(as_tuple=True)
    return rows, seen_ids[rows, places]
