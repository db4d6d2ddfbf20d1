"""A GRU that can be exported for sequences of any length.

`torch.export` unrolls `nn.GRU` into one step for each item of its example, so that the program takes no
other length. Here the steps are a `scan`, which stays a loop in the program and becomes a `Scan` in ONNX.
It is slower than PyTorch's own kernel, and only programs have it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan  # PyTorch 2.13 has no public name for it yet


def exportable_gru(gru: nn.GRU, x: Tensor) -> Tensor:
    """Compute the outputs of a GRU without biases, whose batch comes first: (B, L, D) -> (B, L, H).

    Args:
        gru: The layer, of any number of layers, in one direction.
        x: Its inputs, (B, L, D).
    """
    for layer in range(gru.num_layers):
        from_input, from_state = gru.all_weights[layer]  # (3H, D), (3H, H): reset, update, new
        x = _run(F.linear(x, from_input), from_state)
    return x


def _run(gates: Tensor, from_state: Tensor) -> Tensor:
    """Run one layer over what its inputs add to the gates: (B, L, 3H) -> (B, L, H)."""
    start = gates.new_zeros(gates.shape[0], from_state.shape[1])

    def step(state: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        reset, update, new = gate.chunk(3, dim=-1)
        of_reset, of_update, of_new = F.linear(state, from_state).chunk(3, dim=-1)
        candidate = torch.tanh(new + torch.sigmoid(reset + of_reset) * of_new)
        state = torch.lerp(candidate, state, torch.sigmoid(update + of_update))
        return state, state.clone()  # an output may not be the carry itself

    states: Tensor = scan(step, start, gates.transpose(0, 1))[1]  # (L, B, H)
    return states.transpose(0, 1)
