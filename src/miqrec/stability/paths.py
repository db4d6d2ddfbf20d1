r"""The three paths by which the newest item reaches the newest state, each of which can be patched.

A block of a transformer uses its inputs x_1..x_t three times when it computes the newest position:

- the *query* asks: x_t, and with Multi-Item-Query attention the items before it in the window too;
- the *keys and values* answer: x_1..x_t;
- the *residual connection* adds x_t to the answer.

`patched_state` runs a history with an odd item at its end, the noisy run, and lets any of these paths of
any block have its input from another pass instead, over the history without the odd item: the clean run.
A path that is patched is closed to the odd item. The newest state then shows by which of the paths that
stay open the odd item gets through (path patching: Goldowsky-Dill et al., arXiv 2304.05969).

Let x_t be the running state at the newest position; it begins as the noisy run's embedding, and each block
replaces it. Let x_s with s < t be the noisy run's inputs of the block, which causality keeps free of the
odd item, and c_1..c_{t-1} the clean run's. The block's output is f(query, keys and values, residual), with

    query:            x_{t-m+1}..x_t    or, patched,   c_{t-m}..c_{t-1}
    keys and values:  x_1..x_t          or, patched,   c_1..c_{t-1}
    residual:         x_t               or, patched,   c_{t-1}

With no path patched the result is the model's own state of the noisy history; with all of them patched it
is that of the clean one. A residual connection that is patched in the second block or later brings
along what the clean run has computed up to there, so blocks are patched one by one too.

The forward pass below is written out from the blocks' parts, for the newest position alone and in eval mode,
where dropout does nothing.
"""

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.models.protocol import Model
from miqrec.models.transformer import Transformer
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.padding import newest, newest_positions, take_rows, trim, valid

Path = Literal["query", "key-value", "residual"]

PATHS: tuple[Path, ...] = ("query", "key-value", "residual")
"""The three inputs of a block at the newest position."""


class Inputs(NamedTuple):
    """What a block was given: `x` (B, L, D), of which the first `lengths` (B,) positions are valid."""

    x: Tensor
    lengths: Tensor


def block_inputs(model: Transformer, items: Tensor, lengths: Tensor) -> list[Inputs]:
    """Run a model over histories, and keep the inputs of each block.

    Args:
        model: a transformer in eval mode.
        items: (B, L) item ids, padded with 0 on the right; L may exceed the model's `max_length`.
        lengths: (B,) how many of each row are valid, at least 1.
    """
    items, lengths = trim(items, lengths, model.max_length)
    x = model.embedding(items, lengths)  # (B, L, D)
    kept = []
    for block in model.blocks:
        kept.append(Inputs(x, lengths))
        x = block(x, lengths)
    return kept


def patched_state(
    model: Transformer,
    noisy: Sequence[Inputs],
    clean: Sequence[Inputs],
    patched: Sequence[Collection[Path]],
) -> Tensor:
    """Compute the newest state of the noisy run with some paths from the clean run.

    Args:
        model: a transformer in eval mode.
        noisy: of each block, what it was given in the noisy run.
        clean: the same of the clean run.
        patched: of each block, the paths whose input comes from the clean run.

    Returns:
        (B, D), to be compared with the item vectors.
    """
    state = newest(*noisy[0])  # (B, 1, D)
    for block, here, there, names in zip(model.blocks, noisy, clean, patched, strict=True):
        running = Inputs(_with_newest(here, state), here.lengths)
        state = _output(block, *(there if path in names else running for path in PATHS))
    output: Tensor = model.norm(state)
    return output.squeeze(1)


def check_patchable(model: Model) -> Transformer:
    """Return the model if its blocks and attention are among those that are written out here.

    Raises:
        MiqrecError: They are not.
    """
    blocks: list[Any] = [*model.blocks] if isinstance(model, Transformer) else []
    known = [
        isinstance(block, SASRecBlock | S3RecBlock)
        and isinstance(block.attention, CausalSelfAttention | MultiItemQueryAttention)
        for block in blocks
    ]
    if not known or not all(known):
        raise MiqrecError(
            f"the paths of {type(model).__name__} are not known here; give a SASRec or an S3Rec, with one "
            "query or several"
        )
    if hasattr(model, "mixture"):
        raise MiqrecError(
            "this model mixes the answers of several positions, and the paths lead to the newest one alone; "
            "give a model that was trained without a mixture"
        )
    return model  # type: ignore[return-value]


def _with_newest(inputs: Inputs, state: Tensor) -> Tensor:
    """Put the running state (B, 1, D) at the newest position of a block's inputs: (B, L, D)."""
    places = newest_positions(inputs.lengths).unsqueeze(-1).expand_as(state)  # (B, 1, D)
    return inputs.x.scatter(1, places, state)


def _output(block: Any, query: Inputs, key_value: Inputs, residual: Inputs) -> Tensor:
    """Compute a block's output at the newest position, each path from its own inputs: (B, 1, D)."""
    attention = block.attention
    if isinstance(block, SASRecBlock):
        asked = Inputs(block.attention_norm(query.x), query.lengths)
        added = block.attention_norm(newest(*residual))
        h: Tensor = block.feed_forward_norm(added + _attend(attention, asked, key_value))
        output: Tensor = h + block.feed_forward(h)
    else:
        h = block.attention_norm(newest(*residual) + _attend(attention, query, key_value))
        output = block.feed_forward_norm(h + block.feed_forward(h))
    return output


def _attend(
    attention: CausalSelfAttention | MultiItemQueryAttention, query: Inputs, key_value: Inputs
) -> Tensor:
    """Ask from the newest position of `query`, and answer from all of `key_value`: (B, 1, D)."""
    k, v = attention.key(key_value.x), attention.value(key_value.x)  # (B, L, D) each
    seen = valid(key_value.lengths, k.shape[1])  # (B, L)
    if isinstance(attention, CausalSelfAttention):
        q = attention.query(newest(*query))  # (B, 1, D)
        alone: Tensor = attention.out(_answers(q, k, v, seen, attention.num_heads))
        return alone
    o = _answers(_window_queries(attention, query), k, v, seen, attention.num_heads)  # (B, m, D)
    alpha = attention.weigh(o.unsqueeze(1)).squeeze(1)  # (B, m)
    pooled: Tensor = attention.pool_value(alpha.unsqueeze(1) @ o)
    return pooled


def _window_queries(attention: MultiItemQueryAttention, query: Inputs) -> Tensor:
    """Form the m queries of the newest position, the oldest first: (B, m, D)."""
    x = attention.with_dummies(query.x)  # (B, m - 1 + L, D)
    rows = newest_positions(query.lengths) + torch.arange(attention.window, device=x.device)
    window = take_rows(x, rows)  # (B, m, D)
    q = (window.unsqueeze(-2) @ attention.query_weight).squeeze(-2)  # (B, m, D)
    return q if attention.query_bias is None else q + attention.query_bias


def _answers(q: Tensor, k: Tensor, v: Tensor, seen: Tensor, num_heads: int) -> Tensor:
    """Attend with several queries (B, m, D) to the seen (B, L) keys and values: (B, m, D)."""
    answers = []
    for q_h, k_h, v_h in zip(*(x.chunk(num_heads, -1) for x in (q, k, v)), strict=True):
        scores = q_h @ k_h.mT * q_h.shape[-1] ** -0.5  # (B, m, L)
        weights = scores.masked_fill(~seen.unsqueeze(1), -torch.inf).softmax(-1)
        answers.append(weights @ v_h)
    return torch.cat(answers, -1)
