"""MIQ-Attn and the late mixture inside RecTools' `SASRecModel`; it needs RecTools and PyTorch alone."""

from miqrec.system.optional import optional

optional("rectools", install="'RecTools[torch]==0.19.0'")

from miqrec.adapters.rectools.layers import MIQTransformerLayers  # noqa: E402
from miqrec.adapters.rectools.ranking import MixtureLightningModule  # noqa: E402

__all__ = ["MIQTransformerLayers", "MixtureLightningModule"]
