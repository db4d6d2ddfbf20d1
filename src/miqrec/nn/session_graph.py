"""Session graphs of all prefixes of a sequence, kept as what changes from one to the next.

SR-GNN (Wu et al., AAAI 2019, "Session Graph Construction") makes a graph of a session: a node for
each distinct item, and an edge from each item to the one that followed it, drawn once however often
it was walked. A node takes the mean over the edges that come in and the mean over those that go
out: these are the rows of the paper's connection matrices, as its authors' code normalises them.

The next prefix has at most one more edge, and that edge touches two nodes: the item before, which
it leaves, and the newest, which it reaches. All others keep their rows. So a node lives in
*versions*, a new one at each step that touches it, and L items make 2 L versions, where the graphs
of their L prefixes have up to L (L + 1) / 2 nodes. This is exact for one step of the graph network;
in a second one, a node would change with its neighbours. Where no item repeats, as in MovieLens or
Last.fm, the graphs are chains.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from miqrec.nn.padding import newest_positions, valid


@dataclass(frozen=True)
class SessionGraph:
    """Nodes go by the position at which their item first occurs, edges by the step that drew them.

    Step t walks from the item at t - 1 to the item at t.
    """

    nodes: Tensor  # (B, L) int64, the node at each position
    draws: Tensor  # (B, L) bool, where step t draws an edge that was not there; never at 0


@dataclass(frozen=True)
class NodeVersions:
    """V nodes as certain prefixes have them, and how T prefixes are made of them."""

    nodes: Tensor  # (B, V) int64
    steps: Tensor  # (B, V) int64, the last step of the prefix that has them so
    occurrences: Tensor  # (B, T, V) int64, at how many of its positions prefix t has it
    newest: Tensor  # (B, T) int64, the version of prefix t's newest item


def session_graph(items: Tensor) -> SessionGraph:
    """Draw the graph of each row of `items` (B, L); nothing up to t depends on later items."""
    same = items[:, :, None] == items[:, None, :]  # (B, L, L)
    walked = same[:, 1:, 1:] & same[:, :-1, :-1]  # (B, L-1, L-1), two steps between the same items
    draws = ~walked.tril(-1).any(-1)  # (B, L-1)
    nodes = same.byte().argmax(-1)  # (B, L); argmax gives the first of equals
    return SessionGraph(nodes, F.pad(draws, (1, 0), value=False))


def before(values: Tensor) -> Tensor:
    """Move `values` (B, L, ...) one position on; the first, which nothing precedes, stays too."""
    return torch.cat([values[:, :1], values[:, :-1]], dim=1)


def prefix_versions(graph: SessionGraph, lengths: Tensor) -> NodeVersions:
    """List the two nodes that each step touches, for the prefixes that end at 0..L-1.

    Version 2 t is the node that step t leaves, 2 t + 1 the one that it reaches: V = 2 L and T = L.
    A prefix that ends in the padding has no node.
    """
    batch, length = graph.nodes.shape
    ends = torch.arange(length, device=lengths.device)
    nodes = torch.stack([before(graph.nodes), graph.nodes], dim=-1).flatten(1)  # (B, 2L)
    steps = ends.repeat_interleave(2)  # (2L,)
    later = (nodes[:, :, None] == nodes[:, None, :]).triu(1)  # (B, 2L, 2L)
    outdated = torch.where(later, steps, length).amin(-1)  # (B, 2L), the node's next version's step
    current = (steps <= ends[:, None]) & (ends[:, None] < outdated[:, None, :])  # (B, L, 2L)
    current &= valid(lengths, length)[:, :, None]
    counts = (graph.nodes[:, :, None] == nodes[:, None, :]).cumsum(1)  # (B, L, 2L)
    return NodeVersions(
        nodes=nodes,
        steps=steps.expand(batch, -1),
        occurrences=torch.where(current, counts, 0),
        newest=(2 * ends + 1).expand(batch, -1),
    )


def newest_versions(graph: SessionGraph, lengths: Tensor, n: int = 1) -> NodeVersions:
    """List versions for the newest `n` prefixes of each history, the whole of it first: T = n.

    The whole history alone needs no more than the node at each position, V = L. Prefixes beside it
    share the versions of `prefix_versions`, V = 2 L. Where n is above a history's length, the prefix
    of its first item repeats.
    """
    if n > 1:
        versions, ends = prefix_versions(graph, lengths), newest_positions(lengths, n)
        return replace(
            versions,
            occurrences=versions.occurrences.take_along_dim(ends[:, :, None], 1),
            newest=versions.newest.take_along_dim(ends, 1),
        )
    last = newest_positions(lengths, n)  # (B, 1)
    return NodeVersions(
        nodes=graph.nodes,
        steps=last.expand_as(graph.nodes),
        occurrences=valid(lengths, graph.nodes.shape[1])[:, None, :].long(),  # (B, 1, L)
        newest=last,
    )


def touching_edges(graph: SessionGraph, versions: NodeVersions) -> tuple[Tensor, Tensor]:
    """Find each version's edges, by their steps: those that come in and those that go out.

    Returns:
        Two masks (B, V, L): an edge of step s that comes in has its source at s - 1, one that goes
        out its target at s.
    """
    steps = torch.arange(graph.nodes.shape[1], device=graph.nodes.device)
    drawn = graph.draws[:, None, :] & (steps <= versions.steps[:, :, None])  # (B, V, L)
    reached = graph.nodes[:, None, :] == versions.nodes[:, :, None]
    left = before(graph.nodes)[:, None, :] == versions.nodes[:, :, None]
    return drawn & reached, drawn & left
