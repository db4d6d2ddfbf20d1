"""SR-GNN as its equations read: one prefix, one node and one edge at a time."""

from itertools import pairwise

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


def prefix_states(items: list[int], p: Parameters) -> Tensor:
    """The session vector of every prefix, each from a graph of its own: (L, D)."""
    return torch.stack([session_vector(items[: t + 1], p) for t in range(len(items))])


def session_vector(session: list[int], p: Parameters) -> Tensor:
    """Equations 6 and 7: the positions are summed, so an item that occurs twice counts twice."""
    edges = sorted(set(pairwise(session)))
    v = {item: node_state(item, edges, p) for item in set(session)}
    newest = v[session[-1]]
    s_g = sum(alpha(newest, v[item], p) * v[item] for item in session)
    return p["transform.weight"] @ torch.cat([s_g, newest]) + p["transform.bias"]


def alpha(newest: Tensor, v_i: Tensor, p: Parameters) -> Tensor:
    query = p["query.weight"] @ newest + p["query.bias"]
    return p["importance.weight"][0] @ torch.sigmoid(query + p["key.weight"] @ v_i)


def node_state(item: int, edges: list[tuple[int, int]], p: Parameters) -> Tensor:
    """Equations 2 to 5, with the reset gate where PyTorch and the authors' code have it."""
    x = p["embedding.weight"][item]
    w_r, w_z, w_n = (p["cell.weight_ih"] @ message(item, edges, p) + p["cell.bias_ih"]).chunk(3)
    u_r, u_z, u_n = (p["cell.weight_hh"] @ x + p["cell.bias_hh"]).chunk(3)
    r = torch.sigmoid(w_r + u_r)
    z = torch.sigmoid(w_z + u_z)
    n = torch.tanh(w_n + r * u_n)
    return (1 - z) * n + z * x


def message(item: int, edges: list[tuple[int, int]], p: Parameters) -> Tensor:
    """Equation 1: the mean over the edges that come in, and over those that go out."""
    sources = [source for source, target in edges if target == item]
    targets = [target for source, target in edges if source == item]
    return torch.cat([mean(sources, "incoming", p), mean(targets, "outgoing", p)])


def mean(items: list[int], direction: str, p: Parameters) -> Tensor:
    total = torch.zeros_like(p["embedding.weight"][0])
    for item in items:
        total = (
            total + p[f"{direction}.weight"] @ p["embedding.weight"][item] + p[f"{direction}.bias"]
        )
    return total / max(len(items), 1)
