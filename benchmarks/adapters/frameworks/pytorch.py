"""PyTorch: a SASRec of `nn.TransformerEncoder`, since PyTorch has no model of its own, in a plain loop."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from benchmarks.adapters import settings
from benchmarks.adapters.lastfm import Split, leave_one_out
from benchmarks.adapters.metrics import hits
from miqrec.adapters.torch import late_mixture, replace_attention


class SASRec(nn.Module):
    """Item ids (B, L), padded on the right, to states (B, L, D)."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items + 1, settings.DIM, padding_idx=0)
        self.positions = nn.Embedding(settings.LENGTH, settings.DIM)
        self.dropout = nn.Dropout(settings.DROPOUT)
        layer = nn.TransformerEncoderLayer(
            *(settings.DIM, settings.HEADS, settings.DIM, settings.DROPOUT),
            batch_first=True,
            norm_first=True,
        )
        norm = nn.LayerNorm(settings.DIM)
        self.encoder = nn.TransformerEncoder(
            layer, settings.BLOCKS, norm, enable_nested_tensor=False
        )
        for table in (self.items, self.positions):
            nn.init.normal_(table.weight, std=settings.DIM**-0.5)

    def forward(self, items: Tensor) -> Tensor:
        L = items.shape[1]
        x = self.dropout(self.items(items) * settings.DIM**0.5 + self.positions.weight[:L])
        causal = nn.Transformer.generate_square_subsequent_mask(L)
        return self.encoder(x, causal, is_causal=True)


def run(system: str, seed: int) -> settings.Scores:
    torch.manual_seed(seed)
    split = leave_one_out()
    model: nn.Module = SASRec(max(max(row) for row in [*split.known, split.asked]))
    if system == "miq":
        model = replace_attention(model, window=settings.WINDOW)
    train(model, split.train)
    scores = {system: score(model, split, (1.0,))}
    if system == "sasrec":
        scores[settings.MIXTURE] = score(model, split, settings.WEIGHTS)
    return scores


def train(model: nn.Module, histories: list[list[int]]) -> None:
    items = padded([row[-settings.LENGTH - 1 :] for row in histories])
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.LEARNING_RATE)
    for _ in range(settings.EPOCHS):
        for rows in torch.randperm(len(items)).split(settings.BATCH):
            inputs, targets = items[rows, :-1], items[rows, 1:]
            real = targets > 0
            logits = model(inputs)[real] @ model.items.weight.T
            optimizer.zero_grad()
            F.cross_entropy(logits, targets[real]).backward()
            optimizer.step()


@torch.no_grad()
def score(model: nn.Module, split: Split, weights: tuple[float, ...]) -> dict[str, float]:
    items = padded([row[-settings.LENGTH :] for row in split.known])
    seen = [torch.tensor(pair) for pair in zip(*pairs(split.known), strict=True)]
    scores = late_mixture(
        model.eval()(items),
        model.items.weight,
        weights,
        padding=items == 0,
        seen=(seen[0], seen[1]),
    )
    return hits(scores, torch.tensor(split.asked))


def padded(rows: list[list[int]]) -> Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def pairs(rows: list[list[int]]) -> list[tuple[int, int]]:
    return [(user, item) for user, items in enumerate(rows) for item in items]


if __name__ == "__main__":
    settings.main(run)
