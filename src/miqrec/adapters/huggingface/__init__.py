"""Models on the Hugging Face Hub, and the encoder as a model of Transformers.

`HubRecommender` and its model card need `huggingface_hub` alone; the others need `transformers`.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.adapters.huggingface.hub import HubRecommender
    from miqrec.adapters.huggingface.next_item import MIQRecForNextItem
    from miqrec.adapters.huggingface.pretrained import MIQRecConfig, MIQRecModel, as_pretrained

__all__ = ["HubRecommender", "MIQRecConfig", "MIQRecForNextItem", "MIQRecModel", "as_pretrained"]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.adapters.huggingface.hub": ["HubRecommender"],
        "miqrec.adapters.huggingface.next_item": ["MIQRecForNextItem"],
        "miqrec.adapters.huggingface.pretrained": ["MIQRecConfig", "MIQRecModel", "as_pretrained"],
    },
)
