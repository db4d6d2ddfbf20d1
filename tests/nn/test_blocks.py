"""The two blocks, written out with their own parts, and `last` against `forward`."""

import pytest
import torch
from torch.nn.functional import gelu, relu

from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.padding import newest

LENGTHS = torch.tensor([6, 4, 1])
ATTENTIONS = {
    "one query": lambda: CausalSelfAttention(8, 2),
    "three queries": lambda: MultiItemQueryAttention(8, 2, 3),
}


@pytest.fixture(params=ATTENTIONS)
def attention(request):
    torch.manual_seed(0)
    return ATTENTIONS[request.param]()


def test_sasrecs_block_normalises_queries_only_and_adds_to_what_is_normalised(attention):
    block, x = SASRecBlock(8, attention, dropout=0.0), torch.randn(3, 6, 8)
    first, _, _, second, _ = block.feed_forward
    query = block.attention_norm(x)
    h = block.feed_forward_norm(query + attention(query, x))
    torch.testing.assert_close(block(x, LENGTHS), h + second(relu(first(h))))


def test_s3recs_block_normalises_each_sum(attention):
    block, x = S3RecBlock(8, attention, dropout=0.0), torch.randn(3, 6, 8)
    first, _, second, _ = block.feed_forward
    h = block.attention_norm(x + attention(x))
    expected = block.feed_forward_norm(h + second(gelu(first(h))))
    torch.testing.assert_close(block(x, LENGTHS), expected)


@pytest.mark.parametrize("kind", [SASRecBlock, S3RecBlock])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("n", [1, 3, 8])
def test_last_gives_the_newest_valid_rows_of_forward(kind, causal, n, attention):
    attention.causal = causal
    block, x = kind(8, attention, dropout=0.2).eval(), torch.randn(3, 6, 8)
    torch.testing.assert_close(block.last(x, LENGTHS, n), newest(block(x, LENGTHS), LENGTHS, n))


@pytest.mark.parametrize("kind", [SASRecBlock, S3RecBlock])
def test_dropout_acts_in_training_only(kind, attention):
    block, x = kind(8, attention, dropout=0.5), torch.randn(3, 6, 8)
    assert not torch.equal(block(x, LENGTHS), block(x, LENGTHS))
    block.eval()
    torch.testing.assert_close(block(x, LENGTHS), block(x, LENGTHS))
