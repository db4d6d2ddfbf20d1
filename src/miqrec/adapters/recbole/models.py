"""RecBole's SASRec with MIQ-Attn in it, and ranked by the late mixture."""

from typing import Any

from recbole.model.sequential_recommender import SASRec
from torch import Tensor, nn

from miqrec.adapters.recbole.layers import MIQMultiHeadAttention
from miqrec.adapters.torch import late_mixture
from miqrec.nn.attention import MultiItemQueryAttention

DEFAULTS = {
    "n_layers": 2,
    "n_heads": 2,
    "hidden_size": 64,
    "inner_size": 256,
    "hidden_dropout_prob": 0.5,
    "attn_dropout_prob": 0.5,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "initializer_range": 0.02,
}
"""Those of RecBole's SASRec, which RecBole finds by the name of its class."""


class MixtureSASRec(SASRec):
    """RecBole's SASRec, ranked by a mixture of what the newest n states of a user predict.

        settings = {"mixture": [0.6, 0.4], "loss_type": "CE", "train_neg_sample_args": None}
        config = Config(model=MixtureSASRec, dataset="ml-100k", config_dict=settings)

    Training is RecBole's own. In a sequential evaluation RecBole ranks the items of the history too, so each
    state's softmax runs over all items.

    Settings are those of RecBole's SASRec, with its defaults, and `mixture`: how much each of the newest
    states counts, the newest first, [0.6, 0.4] by default.

    Raises:
        MiqrecError: When it ranks, if weights are out of range.
    """

    DEFAULTS: dict[str, Any] = DEFAULTS | {"mixture": [0.6, 0.4]}

    def __init__(self, config: Any, dataset: Any) -> None:
        self.settings = self.DEFAULTS | config.final_config_dict
        super().__init__(self.settings, dataset)
        self.weights = tuple(self.settings["mixture"])

    def states(self, item_seq: Tensor) -> Tensor:
        """Encode every prefix, (B, L) to (B, L, D), as `SASRec.forward` does before it takes the newest."""
        positions = self.position_embedding.weight[: item_seq.shape[1]]
        x = self.dropout(self.LayerNorm(self.item_embedding(item_seq) + positions))
        states: Tensor = self.trm_encoder(x, self.get_attention_mask(item_seq))[-1]
        return states

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """Score all items for each history, (B, n_items), where item 0 is padding."""
        if self.weights == (1.0,):
            newest: Tensor = super().full_sort_predict(interaction)
            return newest
        items = interaction[self.ITEM_SEQ]
        vectors = self.item_embedding.weight
        return late_mixture(self.states(items), vectors, self.weights, padding=items == 0)

    def predict(self, interaction: Any) -> Tensor:
        """Score one item for each history, (B,)."""
        if self.weights == (1.0,):
            newest: Tensor = super().predict(interaction)
            return newest
        asked = interaction[self.ITEM_ID].unsqueeze(1)
        return self.full_sort_predict(interaction).gather(1, asked).squeeze(1)


class MIQSASRec(MixtureSASRec):
    """RecBole's SASRec whose attention asks from the newest `window` items.

        settings = {"window": 5, "loss_type": "CE", "train_neg_sample_args": None}
        config = Config(model=MIQSASRec, dataset="ml-100k", config_dict=settings)

    Settings are those of RecBole's SASRec, with its defaults; `window`, 5 by default; `pooling`, which is
    "mean" or "last"; and `mixture`, as for `MixtureSASRec`, but [1] by default, which ranks by the newest
    state.
    Query matrices and dummy items start as RecBole starts every matrix, with `initializer_range`.

    Raises:
        MiqrecError: As `MultiItemQueryAttention`.
    """

    DEFAULTS = DEFAULTS | {"mixture": [1.0], "window": 5, "pooling": "mean"}

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        for layer in self.trm_encoder.layer:
            layer.multi_head_attention = MIQMultiHeadAttention(
                self.n_heads,
                self.hidden_size,
                self.hidden_dropout_prob,
                self.attn_dropout_prob,
                self.layer_norm_eps,
                window=self.settings["window"],
                pooling=self.settings["pooling"],
            ).apply(self._init_weights)

    def _init_weights(self, module: nn.Module) -> None:
        """Start a module as RecBole does, query matrices and dummy items too, which it doesn't know."""
        super()._init_weights(module)
        if isinstance(module, MultiItemQueryAttention):
            for parameter in (module.query_weight, module.dummy_items):
                if parameter is not None:
                    nn.init.normal_(parameter, std=self.initializer_range)
            if module.query_bias is not None:
                nn.init.zeros_(module.query_bias)
