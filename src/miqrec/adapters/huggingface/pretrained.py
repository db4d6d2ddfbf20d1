"""The encoder as a model of Transformers: `AutoModel.from_pretrained` finds it once this is imported."""

import warnings
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.transformer import Transformer, make_parts, miq_attention, self_attention
from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.choices import Pooling
from miqrec.nn.padding import check_length, pack, packed_places, take_rows
from miqrec.recommender import Recommender
from miqrec.system.optional import optional

optional("transformers", "huggingface")

from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel  # noqa: E402
from transformers import initialization as init  # noqa: E402
from transformers.modeling_outputs import BaseModelOutput  # noqa: E402


class MIQRecConfig(PreTrainedConfig):
    """The sizes of an encoder, under the names of `miqrec.models.MIQTransformerConfig`.

    `vocab_size` is the number of items and 1 for padding, which is item 0. Without a `window` the attention
    is SASRec's own. `mixture` says how much each of the newest states counts when `MIQRecForNextItem` ranks.
    """

    model_type = "miqrec"
    attribute_map: ClassVar = {
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "max_position_embeddings": "max_length",
    }

    vocab_size: int = 1001
    dim: int = 64
    n_layers: int = 2
    n_heads: int = 2
    dropout: float = 0.2
    attention_dropout: float = 0.0
    max_length: int = 200
    block: Literal["sasrec", "s3rec"] = "sasrec"
    window: int | None = 5
    pooling: Pooling = "mean"
    pad_token_id: int | None = 0
    initializer_range: float = 0.02
    mixture: tuple[float, ...] | list[float] = (1.0,)

    def sizes(self) -> TransformerConfig:
        """Give the sizes as miqrec has them, checked.

        Raises:
            ValueError: If one is out of range.
        """
        kind = TransformerConfig if self.window is None else MIQTransformerConfig
        return kind(**{name: getattr(self, name) for name in kind.model_fields})


class MIQRecModel(PreTrainedModel):
    """Histories, item ids (B, L), to `last_hidden_state` (B, L, D), where no state depends on later items.

    An item's score is the dot product of a state with its row of `get_input_embeddings()`.
    """

    config_class = MIQRecConfig
    base_model_prefix = "encoder"
    main_input_name = "input_ids"

    def __init__(self, config: MIQRecConfig) -> None:
        super().__init__(config)
        sizes = config.sizes()
        attention = (
            miq_attention(sizes)
            if isinstance(sizes, MIQTransformerConfig)
            else self_attention(sizes)
        )
        self.encoder = Transformer(*make_parts(config.vocab_size - 1, sizes, attention))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Start as Transformers does, query matrices and dummy items too, which it doesn't know."""
        super()._init_weights(module)
        if isinstance(module, MultiItemQueryAttention):
            for parameter in (module.query_weight, module.dummy_items):
                if parameter is not None:
                    init.normal_(parameter, std=self.config.initializer_range)
            if module.query_bias is not None:
                init.zeros_(module.query_bias)

    def get_input_embeddings(self) -> nn.Embedding:
        """Give the vectors of items, (vocab_size, D)."""
        return self.encoder.embedding.items

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        """Take other vectors of items."""
        self.encoder.embedding.items = value

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        return_dict: bool = True,
    ) -> BaseModelOutput | tuple[Tensor]:
        """Encode every prefix of each history.

        Args:
            input_ids: Item ids, (B, L), with 0 for padding, on the left or on the right.
            attention_mask: 1 for an item and 0 for padding, (B, L); by default what `input_ids` say.
            inputs_embeds: Vectors in the place of items, (B, L, D), to which positions are added. Positions
                count from the newest item, so padding must be told by an `attention_mask`.
            return_dict: Whether to return a `BaseModelOutput` instead of a tuple.

        Raises:
            MiqrecError: If both or none of ids and vectors are given, or L is above `max_length`.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise MiqrecError("give either input_ids or inputs_embeds")
        embedding = self.encoder.embedding
        vectors = inputs_embeds
        if input_ids is not None:
            vectors = embedding.items(input_ids) * embedding.scale
            attention_mask = input_ids != 0 if attention_mask is None else attention_mask
        assert vectors is not None
        padding = _padding(attention_mask, vectors)
        check_length(padding, embedding.max_length)
        places = packed_places(padding)
        lengths = (~padding).sum(1).clamp(min=1)  # a row of padding alone counts as one item

        x = embedding.place(pack(vectors, places), lengths)  # (B, L, D)
        for block in self.encoder.blocks:
            x = block(x, lengths)
        states = take_rows(self.encoder.norm(x), places)
        return BaseModelOutput(last_hidden_state=states) if return_dict else (states,)


def as_pretrained(recommender: Recommender) -> MIQRecModel:
    """Make a model of Transformers from a fitted recommender, with its weights.

    Items are known by their internal numbers: `recommender.artifact.catalogue` has their ids. A mixture that
    the recommender was trained with stays behind, with a warning.

    Raises:
        MiqrecError: If the recommender's model is no transformer.
    """
    artifact = recommender.artifact
    sizes, model = artifact.config.model, cast(nn.Module, artifact.model)
    if not isinstance(sizes, TransformerConfig) or not isinstance(model, Transformer):
        raise MiqrecError(
            f"{sizes.name} has no encoder of attention blocks, which Transformers could use"
        )
    known = sizes.model_dump(exclude={"name"})
    unknown = known.keys() - MIQRecConfig.__dataclass_fields__.keys()
    if unknown:
        raise MiqrecError(
            f"{sizes.name} has a setting {min(unknown)}, which this adapter doesn't know"
        )
    vocab_size = model.embedding.items.num_embeddings  # S3-Rec's last is its mask
    config = MIQRecConfig(**{"window": None} | known, vocab_size=vocab_size)
    pretrained: MIQRecModel = MIQRecModel(config).eval()
    weights = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith("mixture.")
    }
    if len(weights) < len(model.state_dict()):
        warnings.warn("the trained mixture stays behind", MiqrecWarning, stacklevel=2)
    pretrained.encoder.load_state_dict(weights)
    return pretrained


def _padding(attention_mask: Tensor | None, vectors: Tensor) -> Tensor:
    """Mark padding, (B, L) bool."""
    if attention_mask is None:
        return torch.zeros(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
    if attention_mask.shape != vectors.shape[:2]:
        raise MiqrecError(
            f"attention_mask must be of shape {tuple(vectors.shape[:2])}, batch and length, "
            f"but is of shape {tuple(attention_mask.shape)}"
        )
    return attention_mask == 0


AutoConfig.register(MIQRecConfig.model_type, MIQRecConfig)
AutoModel.register(MIQRecConfig, MIQRecModel)
