"""PyTorch's encoders with MIQ-Attn in them, for tests; a spawned process can import them from here."""

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from miqrec.adapters.torch import replace_attention

B, L, D, HEADS = 3, 6, 8, 2
X = torch.randn(B, L, D, generator=torch.Generator().manual_seed(0))
PADDING = torch.tensor([[0] * 6, [0, 0, 0, 1, 1, 1], [1, 1, 0, 0, 0, 0]], dtype=torch.bool)


def encoder(**options):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(D, HEADS, 16, 0.0, **{"batch_first": True} | options)
    return nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(D))


class Causal(nn.Module):
    """An encoder with its mask, which is what people compile and export."""

    def __init__(self, **options):
        super().__init__()
        self.encoder = replace_attention(encoder(**options), window=3)

    def forward(self, x, padding):
        L = x.shape[1]
        mask = torch.ones(L, L, dtype=torch.bool, device=x.device).triu(1)
        return self.encoder(x, mask, padding, is_causal=False)


def process(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    torch.manual_seed(0)
    model = Causal()
    train(DistributedDataParallel(model), [X + rank])
    torch.save(model.state_dict(), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def train(model: nn.Module, batches: list[torch.Tensor]) -> None:
    """The loss is the mean of the batches' sums; DDP averages over the processes."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (sum((model(x, PADDING) ** 2).mean() for x in batches) / len(batches)).backward()
        optimizer.step()
