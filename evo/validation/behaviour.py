"""Behaviour of validated components: computed once, for its check and for all who compare it."""

from functools import lru_cache

from evo.components.base import Kind
from evo.core.records import Vector
from evo.validation.graph.graph import Graph
from evo.validation.graph.graphs import Graphs

_REMEMBERED = 1024
"""Components whose behaviour a process keeps, of some 100 numbers each."""


def behaviour_of(kind: Kind, component: Graph | Graphs) -> Vector:
    """A component's raw outputs on its kind's probe, not to be written to: (p,) float32."""
    if isinstance(component, Graphs):
        return kind.behaviour(component)
    return behaviour_of_graph(type(kind), component)


@lru_cache(maxsize=_REMEMBERED)
def behaviour_of_graph(kind_type: type[Kind], graph: Graph) -> Vector:
    """The behaviour of a component of one kind, which the process keeps; see `behaviour_of`."""
    vector = kind_type().behaviour(graph)
    vector.setflags(write=False)
    return vector
