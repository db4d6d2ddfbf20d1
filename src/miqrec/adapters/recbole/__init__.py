"""MIQ-Attn and the late mixture as models of RecBole; they need RecBole and PyTorch alone."""

from miqrec.system.optional import optional

optional("recbole", install="recbole==1.2.1 'numpy<2' 'pandas<2.2' 'scipy<1.12' 'setuptools<81'")

from miqrec.adapters.recbole.models import MIQSASRec, MixtureSASRec  # noqa: E402

__all__ = ["MIQSASRec", "MixtureSASRec"]
