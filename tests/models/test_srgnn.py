import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.models.configs.srgnn import SRGNNConfig
from miqrec.models.srgnn import SRGNN
from miqrec.nn.padding import newest
from reference.srgnn import prefix_states

N_ITEMS = 5
histories = st.lists(
    st.lists(st.integers(1, N_ITEMS), min_size=1, max_size=7), min_size=1, max_size=3
)


def model(dim=5, max_length=9):
    torch.manual_seed(0)
    return SRGNN(N_ITEMS, SRGNNConfig(dim=dim, max_length=max_length)).double()


def padded(histories):
    lengths = torch.tensor([len(history) for history in histories])
    longest = int(lengths.max())
    rows = [history + [0] * (longest - len(history)) for history in histories]
    return torch.tensor(rows), lengths


def gradients(srgnn, output):
    names, parameters = zip(*srgnn.named_parameters(), strict=True)
    found = torch.autograd.grad(output, parameters, materialize_grads=True)
    return dict(zip(names, found, strict=True))


@settings(max_examples=15, deadline=None)
@given(histories)
def test_outputs_and_gradients_equal_a_graph_drawn_for_each_prefix(histories):
    srgnn = model()
    items, lengths = padded(histories)
    states = srgnn(items, lengths)
    valid = torch.arange(items.shape[1]) < lengths[:, None]
    parameters = dict(srgnn.named_parameters())
    expected = torch.cat([prefix_states(history, parameters) for history in histories])
    torch.testing.assert_close(states[valid], expected)

    direction = torch.randn_like(expected)
    fast = gradients(srgnn, (states[valid] * direction).sum())
    torch.testing.assert_close(fast, gradients(srgnn, (expected * direction).sum()))


@settings(max_examples=20, deadline=None)
@given(histories, st.integers(1, 9))
def test_last_gives_the_session_vectors_of_the_newest_prefixes(histories, n):
    srgnn = model()
    items, lengths = padded(histories)
    expected = newest(srgnn(items, lengths), lengths, n)
    torch.testing.assert_close(srgnn.last(items, lengths, n), expected)


@settings(max_examples=20, deadline=None)
@given(histories)
def test_neither_padding_nor_the_rest_of_the_batch_changes_a_state(histories):
    srgnn = model()
    items, lengths = padded([*histories, [1, 2, 1, 2, 3, 3, 4, 5, 4]])
    together = srgnn(items, lengths)
    for row, history in enumerate(histories):
        alone = srgnn(*padded([history]))
        torch.testing.assert_close(together[row, : len(history)], alone[0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, N_ITEMS), min_size=2, max_size=9), st.data())
def test_no_state_depends_on_a_later_item(history, data):
    """Neither on its id, nor on its length, nor, by the gradient, on its embedding."""
    srgnn = model()
    t = data.draw(st.integers(0, len(history) - 2))
    others = st.integers(1, N_ITEMS)
    later = data.draw(st.lists(others, min_size=1, max_size=8 - t))
    states = srgnn(*padded([history]))[0, : t + 1]
    changed = srgnn(*padded([history[: t + 1] + later]))[0, : t + 1]
    torch.testing.assert_close(states, changed)

    gradient = gradients(srgnn, states.sum())["embedding.weight"]
    unseen = [item for item in range(N_ITEMS + 1) if item not in history[: t + 1]]
    assert not gradient[unseen].any()


def session_vector(srgnn, v_n, *positions):
    """Equations 6 and 7 for the states at the positions, of which v_n is the newest's."""
    query = srgnn.query(v_n)
    s_g = sum(srgnn.importance(torch.sigmoid(query + srgnn.key(v))) * v for v in positions)
    return srgnn.transform(torch.cat([s_g, v_n]))


def test_a_repeated_item_is_one_node_that_counts_twice():
    """Both A of A B A are one node with the edges B -> A and A -> B; another B adds no edge."""
    srgnn = model()
    a, b = srgnn.embedding.weight[1], srgnn.embedding.weight[2]
    to_a = torch.cat([srgnn.incoming(b), srgnn.outgoing(b)])
    to_b = torch.cat([srgnn.incoming(a), srgnn.outgoing(a)])
    v_a, v_b = srgnn.cell(torch.stack([to_a, to_b]), torch.stack([a, b]))
    states = srgnn(*padded([[1, 2, 1, 2]]))[0]
    torch.testing.assert_close(states[2], session_vector(srgnn, v_a, v_a, v_b, v_a))
    torch.testing.assert_close(states[3], session_vector(srgnn, v_b, v_a, v_b, v_a, v_b))


def test_last_reads_the_newest_max_length_items():
    srgnn = model(max_length=3)
    longer = srgnn.last(*padded([[5, 5, 1, 2, 3]]))
    torch.testing.assert_close(longer, srgnn.last(*padded([[1, 2, 3]])))


def test_forward_refuses_more_than_max_length():
    with pytest.raises(MiqrecError, match="length 4 does not fit a model of max_length 3"):
        model(max_length=3)(*padded([[1, 2, 3, 4]]))


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    srgnn = SRGNN(N_ITEMS, SRGNNConfig(dim=5, dropout=0.5))
    items, lengths = padded([[1, 2, 3]])
    assert not torch.equal(srgnn(items, lengths), srgnn(items, lengths))
    srgnn.eval()
    assert torch.equal(srgnn(items, lengths), srgnn(items, lengths))


def test_weights_start_uniform_as_in_the_authors_code():
    srgnn = model(dim=16)
    bound = 1 / 16**0.5
    for parameter in srgnn.parameters():
        assert parameter.abs().max() <= bound
    assert srgnn.cell.weight_ih.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)


def test_scores_are_dot_products_with_the_tied_embedding_in_float32():
    srgnn = model().float()
    items, lengths = padded([[1, 2], [3]])
    expected = srgnn.last(items, lengths).squeeze(1) @ srgnn.embedding.weight.T
    torch.testing.assert_close(srgnn.scores(items, lengths), expected)


def test_every_parameter_gets_gradient():
    srgnn = model()
    found = gradients(srgnn, srgnn(*padded([[1, 2, 3]])).sum())
    assert all(gradient.abs().sum() > 0 for gradient in found.values())
