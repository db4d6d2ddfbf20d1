"""Random streams: the seed, the epoch, the step and the purpose decide every draw.

A run that is resumed draws what an uninterrupted one would, since no stream depends on how much was
drawn before. Nothing here changes a generator of the caller's for longer than a step takes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from threading import RLock

import numpy as np
import torch


class Purpose(IntEnum):
    """What a stream is for. A new purpose takes a new number: renumbering would change every run."""

    WEIGHTS = 1
    """A model's first weights."""
    HEADS = 2
    """The first weights of what pre-training learns beside the model."""
    ORDER = 3
    """The order in which an epoch brings the examples."""
    DROPOUT = 4
    """Whatever a model draws in its forward pass."""
    NEGATIVES = 5
    """Items that a loss samples."""
    CORRUPTION = 6
    """Masks, segments and negatives of pre-training."""
    PERTURBATION = 7
    """Noise that is added to histories to see what becomes of their lists."""
    INPUT_NOISE = 8
    """Items of the input that training replaces or drops."""
    UPDATE = 9
    """The seed of an update; updates take the place of epochs."""


def stream(seed: int, purpose: Purpose, epoch: int = 0, step: int = 0) -> int:
    """Hash the four numbers to one seed of 64 bits; streams of other numbers are independent.

    The hash is NumPy's `SeedSequence`, which is made for this. Epochs and steps count from 0.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(epoch, step, purpose))
    return int(sequence.generate_state(1, np.uint64)[0])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators that PyTorch shares with everybody, and put them back afterwards.

    Dropout and the initialisers of layers draw from these and can't be given others. Threads take
    turns, so that two models may be trained at once and each is still decided by its seed.
    """
    with _turn:
        generators = _shared_generators()
        states = [generator.get_state() for generator in generators]
        try:
            for generator in generators:
                generator.manual_seed(seed)
            yield
        finally:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)


_turn = RLock()


def _shared_generators() -> list[torch.Generator]:
    """List the generators of the CPU and of the GPUs that this process uses."""
    generators = [torch.default_generator]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        generators += torch.cuda.default_generators
    if torch.backends.mps.is_available():
        generators.append(torch.mps._get_default_mps_generator())
    return generators
