"""The session graphs of all prefixes of a sequence, stored as the changes from one to the next.

SR-GNN (Wu et al., AAAI 2019, "Session Graph Construction") makes a graph of a session. Each distinct
item is a node, and an edge leads from each item to the item that followed it; a pair that occurs
several times has one edge. A node receives the mean over its incoming edges and the mean over its
outgoing edges, which are the rows of the paper's connection matrices as its authors' code normalises
them.

From one prefix to the next the graph gains at most one edge. That edge changes two nodes: the one
that it leaves, which is the item before, and the one that it reaches, which is the newest item. All
other nodes keep their rows. A node therefore has *versions*, a new one at each step that changes it.
A sequence of L items has 2 L versions, whereas the graphs of its L prefixes have up to L (L + 1) / 2
nodes. This is exact for one step of the graph network; in a second step a node would change with its
neighbours. Where no item repeats, as in MovieLens and Last.fm, the graphs are chains.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from miqrec.nn.padding import newest_positions, take_rows, valid


@dataclass(frozen=True)
class SessionGraph:
    """The graphs of B sequences.

    A node is named by the position at which its item first occurs, an edge by the step that adds it.
    Step t leads from the item at t - 1 to the item at t.

    Attributes:
        nodes: The node at each position, (B, L) int64.
        draws: Whether step t adds an edge that was not there before, (B, L) bool; false at t = 0.
    """

    nodes: Tensor
    draws: Tensor


@dataclass(frozen=True)
class NodeVersions:
    """V versions of nodes, and how T prefixes are made of them.

    Attributes:
        nodes: The node of each version, (B, V) int64.
        steps: The last step of the prefix in whose graph the node is this version, (B, V) int64.
        occurrences: How many positions of prefix t hold version v, (B, T, V) int64.
        newest: The version of the newest item of prefix t, (B, T) int64.
    """

    nodes: Tensor
    steps: Tensor
    occurrences: Tensor
    newest: Tensor


def session_graph(items: Tensor) -> SessionGraph:
    """Make the graph of each row of `items` (B, L); what it holds up to t depends on no later item."""
    same = items[:, :, None] == items[:, None, :]  # (B, L, L)
    walked = same[:, 1:, 1:] & same[:, :-1, :-1]  # (B, L-1, L-1), steps between the same items
    draws = ~walked.tril(-1).any(-1)  # (B, L-1)
    nodes = same.byte().argmax(-1)  # (B, L); argmax gives the first of equals
    return SessionGraph(nodes, F.pad(draws, (1, 0), value=False))


def before(values: Tensor) -> Tensor:
    """Give each position the value before it, (B, L, ...); the first position keeps its own."""
    return torch.cat([values[:, :1], values[:, :-1]], dim=1)


def prefix_versions(graph: SessionGraph, lengths: Tensor) -> NodeVersions:
    """List the two versions that each step makes, for the prefixes that end at 0..L-1.

    Version 2 t is the node that step t leaves, version 2 t + 1 the node that it reaches, so that
    V = 2 L and T = L. A prefix that ends in the padding has no node.
    """
    batch, length = graph.nodes.shape
    ends = torch.arange(length, device=lengths.device)
    nodes = torch.stack([before(graph.nodes), graph.nodes], dim=-1).flatten(1)  # (B, 2L)
    steps = ends.repeat_interleave(2)  # (2L,)
    later = (nodes[:, :, None] == nodes[:, None, :]).triu(1)  # (B, 2L, 2L)
    outdated = torch.where(later, steps, length).amin(
        -1
    )  # (B, 2L), the step of the node's next version
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
    """List versions for the newest `n` prefixes of each sequence, the whole sequence first: T = n.

    For `n = 1` one version for each position is enough, V = L. Several prefixes share the versions of
    `prefix_versions`, V = 2 L. Where a sequence is shorter than `n`, its first prefix repeats.
    """
    if n > 1:
        versions, ends = prefix_versions(graph, lengths), newest_positions(lengths, n)
        return replace(
            versions,
            occurrences=take_rows(versions.occurrences, ends),
            newest=versions.newest.gather(1, ends),
        )
    last = newest_positions(lengths, n)  # (B, 1)
    return NodeVersions(
        nodes=graph.nodes,
        steps=last.expand_as(graph.nodes),
        occurrences=valid(lengths, graph.nodes.shape[1])[:, None, :].long(),  # (B, 1, L)
        newest=last,
    )


def touching_edges(graph: SessionGraph, versions: NodeVersions) -> tuple[Tensor, Tensor]:
    """Mark the edges of each version, incoming and outgoing, by the steps that added them.

    Returns:
        Two masks (B, V, L). An incoming edge of step s has its source at position s - 1, an outgoing
        edge of step s its target at position s.
    """
    steps = torch.arange(graph.nodes.shape[1], device=graph.nodes.device)
    drawn = graph.draws[:, None, :] & (steps <= versions.steps[:, :, None])  # (B, V, L)
    reached = graph.nodes[:, None, :] == versions.nodes[:, :, None]
    left = before(graph.nodes)[:, None, :] == versions.nodes[:, :, None]
    return drawn & reached, drawn & left
