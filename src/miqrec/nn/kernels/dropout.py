"""Dropout in a third of `nn.Dropout`'s time on a CPU: one random draw decides about four numbers.

Forward and backward of 1.2 million numbers take 4.5 ms instead of 14.7 ms on two cores of an AMD EPYC
(2026-11-23).
"""

import torch
from torch import Tensor, nn

LEVELS = 2**16
"""A share is rounded to a multiple of 1 / LEVELS, since 16 random bits decide about each number."""


class Dropout(nn.Dropout):
    """`nn.Dropout` with the share rounded to a 65,536th on a CPU; elsewhere and compiled, `nn.Dropout`."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the base's name)
        """In training, set a share of `input`, of any shape, to zero and scale the rest."""
        idle = not self.training or self.p == 0
        if idle or input.device.type != "cpu" or torch.compiler.is_compiling():
            return super().forward(input)
        return input * _mask(input, min(round(self.p * LEVELS), LEVELS - 1))


def _mask(like: Tensor, dropped: int) -> Tensor:
    """Draw 0 with probability `dropped / LEVELS`, and else the factor that keeps the mean at 1."""
    draws = torch.empty((like.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    bits = draws.view(torch.int16)[: like.numel()].view(like.shape)
    keep = bits >= dropped - LEVELS // 2
    return keep.to(like.dtype).mul_(LEVELS / (LEVELS - dropped))
