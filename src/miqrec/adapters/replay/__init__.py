"""MIQ-Attn and the late mixture inside RePlay's `SasRec`; it needs RePlay and PyTorch alone."""

from miqrec.system.optional import optional

optional("replay.nn.sequential", install="'replay-rec[torch]==0.22.0'")

from miqrec.adapters.replay.encoder import MIQTransformerLayer  # noqa: E402
from miqrec.adapters.replay.ranking import MixtureSasRec  # noqa: E402

__all__ = ["MIQTransformerLayer", "MixtureSasRec"]
