"""The full softmax on a batch of full histories, whose sizes can be chosen."""

import torch
from torch import Tensor

from miqrec.data.batches.training import Piece
from miqrec.models.encoder import Encoder
from miqrec.training.losses import ce


def full_batch(n_users: int, length: int, n_items: int) -> Piece:
    """Draw histories of random items that fill the whole length, each position followed by a target."""
    drawn = torch.randint(1, n_items + 1, (n_users, length + 1))
    lengths, positions = torch.full((n_users,), length), torch.arange(n_users * length)
    inputs, targets = drawn[:, :-1].contiguous(), drawn[:, 1:].contiguous()
    return Piece(torch.arange(n_users), inputs, lengths, targets, positions)


def full_softmax(states: Tensor, model: Encoder, batch: Piece) -> Tensor:
    """Sum the full softmax's loss over the batch's targets, from the model's states (B, L, D)."""
    targets = batch.targets.flatten()[batch.positions]
    return ce(states.flatten(0, 1)[batch.positions], model.item_vectors(), targets)
