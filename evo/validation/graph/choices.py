"""Join the ways that a function goes by tensors into one graph. Runs in the sandbox's child.

Python's `if` needs the value of a tensor, which a trace has not. So the function is traced once for
each way; a way is the list of outcomes of its decisions. The graph computes all of them, what they
share once, and chooses by `torch.where`. A value that a way shares with others gets its gradient
from that way only where it is taken.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evo.validation.graph.encoding import CONDITIONS

Way = tuple[bool, ...]
"""Outcomes of the decisions of a function, in order."""
_OPERANDS = ("Scalar", "Tensor")


def joined(ways: Mapping[Way, str]) -> str:
    r"""One graph for the graphs of all ways; ways that end in an error are left out.

    >>> one, two = (
    ...     f'{{"inputs":1,"nodes":[["aten.{name}.default",[{{"ref":0}}],{{}}]],'
    ...     '"conditions":[0],"output":{"ref":1}}'
    ...     for name in ("sin", "cos")
    ... )
    >>> print(*json.loads(joined({(True,): one, (False,): two}))["nodes"], sep="\n")
    ['aten.to.dtype', [{'ref': 0}, {'dtype': 'bool'}], {}]
    ['aten.detach.default', [{'ref': 0}], {}]
    ['aten.where.self', [{'ref': 1}, {'ref': 0}, {'ref': 2}], {}]
    ['aten.sin.default', [{'ref': 3}], {}]
    ['aten.logical_not.default', [{'ref': 1}], {}]
    ['aten.where.self', [{'ref': 5}, {'ref': 0}, {'ref': 2}], {}]
    ['aten.cos.default', [{'ref': 6}], {}]
    ['aten.where.self', [{'ref': 1}, {'ref': 4}, {'ref': 7}], {}]
    """
    if set(ways) == {()}:
        return ways[()]
    return _Joiner(ways).text()


class _Joiner:
    def __init__(self, ways: Mapping[Way, str]) -> None:
        self._documents = {way: json.loads(text) for way, text in ways.items()}
        self._inputs = next(iter(self._documents.values()))["inputs"]
        self._nodes: list[Any] = []
        self._places: dict[str, int] = {}
        """Index of the value of each node, by its text."""
        self._ways: dict[int, set[Way]] = {place: set(ways) for place in range(self._inputs)}
        """The ways that compute each value."""
        self._values = {way: self._values_of(way, one) for way, one in self._documents.items()}

    def text(self) -> str:
        for place in range(len(self._nodes)):
            self._nodes[place] = self._guarded(place)
        output = self._chosen(list(self._documents), 0)
        values = {place: place for place in range(self._inputs)}
        nodes: list[Any] = []
        pending = [output]
        while pending:  # what a value needs comes before it
            place = pending[-1]
            missing = [one for one in self._needed(place) if one not in values]
            if missing:
                pending += reversed(missing)
                continue
            pending.pop()
            if place not in values:
                values[place] = self._inputs + len(nodes)
                nodes.append(_with_references(self._nodes[place - self._inputs], values))
        document = {"inputs": self._inputs, "nodes": nodes, "output": {"ref": values[output]}}
        return json.dumps(document, separators=(",", ":"))

    def _needed(self, place: int) -> list[int]:
        return [] if place < self._inputs else _references(self._nodes[place - self._inputs])

    def _values_of(self, way: Way, document: Mapping[str, Any]) -> list[int]:
        """Index in the joint graph of each value of one way."""
        values = list(range(self._inputs))
        for node in document["nodes"]:
            place = self._add(_with_references(node, values))
            self._ways.setdefault(place, set()).add(way)
            if node[0] == "item":  # a part goes wherever its whole goes
                self._ways[place] = self._ways[values[node[1]["ref"]]]
            values.append(place)
        return values

    def _add(self, node: Any) -> int:
        text = json.dumps(node)
        if text not in self._places:
            self._places[text] = self._inputs + len(self._nodes)
            self._nodes.append(node)
        return self._places[text]

    def _guarded(self, place: int) -> Any:
        """A node that gives its sources a gradient where its own ways are taken alone.

        Otherwise what is infinite in a way not taken would spoil the gradients of all: 0 · ∞.
        """
        node, ways = self._nodes[place], self._ways[self._inputs + place]
        if node[0] in _WITHOUT_GRADIENT:
            return node
        guards = {
            source: self._guard(source, ways)
            for source in _references(node)
            if not self._ways[source] <= ways and self._needs_gradient(source)
        }
        return _with_references(node, {one: one for one in _references(node)} | guards)

    def _needs_gradient(self, place: int) -> bool:
        return place < self._inputs or (
            self._nodes[place - self._inputs][0] not in _WITHOUT_GRADIENT
        )

    def _guard(self, source: int, ways: set[Way]) -> int:
        """Index of a value equal to a source, whose gradient is 0 where no such way is taken."""
        is_taken = self._is_taken(ways, list(self._documents), 0)
        if isinstance(is_taken, bool):
            return source
        detached = self._add(["aten.detach.default", [{"ref": source}], {}])
        arguments = [{"ref": is_taken}, {"ref": source}, {"ref": detached}]
        return self._add(["aten.where.self", arguments, {}])

    def _is_taken(self, wanted: set[Way], ways: Sequence[Way], depth: int) -> int | bool:
        """Index of the truth that one of the wanted ways is taken; a constant where it is one."""
        inside = [way in wanted for way in ways]
        if all(inside) or not any(inside):
            return all(inside)
        sides = _sides(ways, depth)
        if not all(sides):
            return self._is_taken(wanted, sides[0] or sides[1], depth + 1)
        parts: list[int] = []
        for side, goes_in in zip(sides, (True, False), strict=True):
            within = self._is_taken(wanted, side, depth + 1)
            if within is False:
                continue
            decided = self._condition(side[0], depth)
            is_side = decided if goes_in else self._truth("logical_not", decided)
            parts.append(is_side if within is True else self._truth("logical_and", is_side, within))
        return parts[0] if len(parts) == 1 else self._truth("logical_or", *parts)

    def _truth(self, name: str, *of: int) -> int:
        return self._add([f"aten.{name}.default", [{"ref": one} for one in of], {}])

    def _condition(self, way: Way, depth: int) -> int:
        """Index of the truth that decides at this depth."""
        decided = self._values[way][self._documents[way][CONDITIONS][depth]]
        return self._add(["aten.to.dtype", [{"ref": decided}, {"dtype": "bool"}], {}])

    def _chosen(self, ways: Sequence[Way], depth: int) -> int:
        """Index of the value that is chosen from ways, which agree in their first decisions."""
        first = ways[0]
        if len(first) == depth:
            return self._values[first][self._documents[first]["output"]["ref"]]
        sides = _sides(ways, depth)
        if not all(sides):
            return self._chosen(sides[0] or sides[1], depth + 1)
        taken, other = (self._chosen(side, depth + 1) for side in sides)
        if taken == other:
            return taken
        arguments = [{"ref": one} for one in (self._condition(first, depth), taken, other)]
        return self._add(["aten.where.self", arguments, {}])


_WITHOUT_GRADIENT = frozenset(
    {
        *("constant", "item", "aten.detach.default"),
        *(f"aten.{name}.{of}" for name in ("eq", "ge", "gt", "le", "lt", "ne") for of in _OPERANDS),
    }
)
"""Nodes that pass no gradient on, or whose source is guarded in their place."""


def _sides(ways: Sequence[Way], depth: int) -> tuple[list[Way], list[Way]]:
    """Ways that go in at this depth, and those that do not."""
    return [way for way in ways if way[depth]], [way for way in ways if not way[depth]]


def _references(part: Any) -> list[int]:
    """Indices of the values that a part of a node refers to."""
    match part:
        case {"ref": int(number)}:
            return [number]
        case [*items]:
            return [number for item in items for number in _references(item)]
        case _:
            return []


def _with_references(part: Any, values: Sequence[int] | Mapping[int, int]) -> Any:
    """A part of a node with its references as indices of other values."""
    match part:
        case {"ref": int(number)}:
            return {"ref": values[number]}
        case [*items]:
            return [_with_references(item, values) for item in items]
        case _:
            return part
