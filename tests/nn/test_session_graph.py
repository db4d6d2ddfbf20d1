import torch

from miqrec.nn.session_graph import (
    before,
    newest_versions,
    prefix_versions,
    session_graph,
    touching_edges,
)


def connections(session):
    """The paper's two matrices for the whole session, nodes in order of first occurrence."""
    items = torch.tensor([session])
    graph = session_graph(items)
    versions = newest_versions(graph, torch.tensor([len(session)]))
    incoming, outgoing = touching_edges(graph, versions)
    firsts = graph.nodes[0].unique()
    to_source = (before(graph.nodes)[0][:, None] == firsts).float()
    to_target = (graph.nodes[0][:, None] == firsts).float()
    rows = [incoming[0, firsts].float() @ to_source, outgoing[0, firsts].float() @ to_target]
    return [(matrix / matrix.sum(1, keepdim=True).clamp(min=1)).tolist() for matrix in rows]


def test_the_example_of_the_paper():
    """Its Figure 2 has the session v1 v2 v3 v2 v4."""
    incoming, outgoing = connections([1, 2, 3, 2, 4])
    assert outgoing == [[0, 1, 0, 0], [0, 0, 1 / 2, 1 / 2], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert incoming == [[0, 0, 0, 0], [1 / 2, 0, 1 / 2, 0], [0, 1, 0, 0], [0, 1, 0, 0]]


def test_an_edge_that_is_walked_twice_is_drawn_once():
    _, outgoing = connections([1, 2, 1, 2, 1, 3])
    assert outgoing == [[0, 1 / 2, 1 / 2], [1, 0, 0], [0, 0, 0]]


def test_an_item_followed_by_itself_is_its_own_neighbour():
    incoming, outgoing = connections([1, 1, 2])
    assert outgoing == [[1 / 2, 1 / 2], [0, 0]]
    assert incoming == [[1, 0], [1, 0]]


def test_a_repeated_item_is_one_node():
    assert session_graph(torch.tensor([[7, 5, 7, 7, 9]])).nodes.tolist() == [[0, 1, 0, 0, 4]]


def test_padding_draws_no_edge_of_a_prefix():
    padded = session_graph(torch.tensor([[3, 4, 3, 0, 0]]))
    alone = session_graph(torch.tensor([[3, 4, 3]]))
    assert torch.equal(padded.nodes[:, :3], alone.nodes)
    assert torch.equal(padded.draws[:, :3], alone.draws)


def test_each_prefix_shows_every_position_once():
    """Whichever versions a prefix shows, they are of its own items, as often as these occur."""
    items = torch.tensor([[1, 2, 1, 1, 3, 2], [4, 4, 5, 0, 0, 0]])
    graph = session_graph(items)
    versions = prefix_versions(graph, torch.tensor([6, 3]))
    for row, length in [(0, 6), (1, 3)]:
        for t in range(length):
            shown = versions.occurrences[row, t]
            nodes = versions.nodes[row].repeat_interleave(shown).sort().values
            assert torch.equal(nodes, graph.nodes[row, : t + 1].sort().values)
            assert (versions.steps[row][shown > 0] <= t).all()
    assert not versions.occurrences[1, 3:].any()


def test_the_newest_item_is_always_a_version_of_its_own_step():
    graph = session_graph(torch.tensor([[1, 2, 2, 1]]))
    versions = prefix_versions(graph, torch.tensor([4]))
    assert versions.nodes.gather(1, versions.newest).tolist() == graph.nodes.tolist()
    assert versions.steps.gather(1, versions.newest).tolist() == [[0, 1, 2, 3]]
