"""The graphs of a combination: one for each of its kinds, a line of text each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from evo.validation.graph.graph import Graph

Instead = Mapping[str, Callable[..., Any]]
"""What to call in place of some operators, by their full names."""


class Graphs:
    """Components side by side, as the members of a combination come; see `Combination`.

    `len(graphs)` is the number of operators of all.

    Attributes:
        each: the graph of each member.
        text: their texts, a line each.
    """

    def __init__(self, each: Sequence[Graph]) -> None:
        self.each = tuple(each)
        self.text = "\n".join(graph.text for graph in each)

    def __len__(self) -> int:
        return sum(len(graph) for graph in self.each)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graphs) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __call__(self, place: int, *inputs: torch.Tensor) -> torch.Tensor:
        """The output of the member at that place."""
        return self.each[place](*inputs)


def component_of(text: str, *, instead: Sequence[Instead] = ()) -> Graph | Graphs:
    """The component that a text describes; the text may come from anyone.

    Args:
        text: of a graph, or of one for each member of a combination.
        instead: what to call in place of some operators, for each member.

    Raises:
        GraphError: one is no graph, or too large, or names what is not allowed.
    """
    lines = text.split("\n")
    graphs = [
        Graph.parse(line, instead=other)
        for line, other in zip(lines, instead or [{}] * len(lines), strict=True)
    ]
    return graphs[0] if len(graphs) == 1 else Graphs(graphs)
