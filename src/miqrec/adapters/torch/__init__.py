"""MIQ-Attn and the late mixture for models that are built from `torch.nn`; PyTorch is all that it needs."""

from miqrec.adapters.torch.attention import MultiItemQueryMHA
from miqrec.adapters.torch.mixture import late_mixture
from miqrec.adapters.torch.replace import replace_attention

__all__ = ["MultiItemQueryMHA", "late_mixture", "replace_attention"]
