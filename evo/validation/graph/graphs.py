"""The component that one or several graphs make: one graph per kind of a combination."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from evo.validation.graph.graph import Graph

Instead = Mapping[str, Callable[..., Any]]
"""Functions to call in place of some operators, by their full names."""


class Graphs:
    """The graphs of a combination's members, called as its one component; see `Combination`.

    `len(graphs)` is the number of operators of all.

    Attributes:
        members: the graph of each member.
        texts: their texts.
    """

    def __init__(self, members: Sequence[Graph]) -> None:
        self.members = tuple(members)
        self.texts = tuple(graph.text for graph in members)

    def __len__(self) -> int:
        return sum(len(graph) for graph in self.members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graphs) and other.texts == self.texts

    def __hash__(self) -> int:
        return hash(self.texts)

    def __call__(self, place: int, *inputs: torch.Tensor) -> torch.Tensor:
        """The output of the member at that place."""
        return self.members[place](*inputs)


def component_of(texts: Sequence[str], *, instead: Sequence[Instead] = ()) -> Graph | Graphs:
    """The component that texts of graphs describe; the texts may be untrusted.

    Args:
        texts: one graph, or one per member of a combination.
        instead: what to call in place of some operators, for each member.

    Raises:
        GraphError: one is no graph, or too large, or names what is not allowed.
    """
    graphs = [
        Graph.parse(text, instead=calls)
        for text, calls in zip(texts, instead or [{}] * len(texts), strict=True)
    ]
    return graphs[0] if len(graphs) == 1 else Graphs(graphs)
