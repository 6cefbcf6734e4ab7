"""Join the ways that a function goes by tensors into one graph. Runs in the sandbox's child.

Python's `if` needs the value of a tensor, which a trace has not. So the function is traced once for
each way; a way is the list of outcomes of its decisions. The graph computes all of them, what they
share once, and chooses by `torch.where`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evo.validation.graph.encoding import CONDITIONS

Way = tuple[bool, ...]
"""Outcomes of the decisions of a function, in order."""


def joined(ways: Mapping[Way, str]) -> str:
    r"""One graph for the graphs of all ways; ways that end in an error are left out.

    >>> one, two = (
    ...     f'{{"inputs":1,"nodes":[["aten.{name}.default",[{{"ref":0}}],{{}}]],'
    ...     '"conditions":[0],"output":{"ref":1}}'
    ...     for name in ("sin", "cos")
    ... )
    >>> print(*json.loads(joined({(True,): one, (False,): two}))["nodes"], sep="\n")
    ['aten.sin.default', [{'ref': 0}], {}]
    ['aten.cos.default', [{'ref': 0}], {}]
    ['aten.to.dtype', [{'ref': 0}, {'dtype': 'bool'}], {}]
    ['aten.where.self', [{'ref': 3}, {'ref': 1}, {'ref': 2}], {}]
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
        self._values = {way: self._values_of(one) for way, one in self._documents.items()}

    def text(self) -> str:
        output = self._chosen(list(self._documents), 0)
        needed = {output}
        for place in reversed(range(len(self._nodes))):
            if self._inputs + place in needed:
                needed.update(_references(self._nodes[place]))
        values = list(range(self._inputs))
        nodes: list[Any] = []
        for place, node in enumerate(self._nodes):
            values.append(self._inputs + len(nodes))
            if self._inputs + place in needed:
                nodes.append(_with_references(node, values))
        document = {"inputs": self._inputs, "nodes": nodes, "output": {"ref": values[output]}}
        return json.dumps(document, separators=(",", ":"))

    def _values_of(self, document: Mapping[str, Any]) -> list[int]:
        """Index in the joint graph of each value of one way."""
        values = list(range(self._inputs))
        for node in document["nodes"]:
            values.append(self._add(_with_references(node, values)))
        return values

    def _add(self, node: Any) -> int:
        text = json.dumps(node)
        if text not in self._places:
            self._places[text] = self._inputs + len(self._nodes)
            self._nodes.append(node)
        return self._places[text]

    def _chosen(self, ways: Sequence[Way], depth: int) -> int:
        """Index of the value that is chosen from ways, which agree in their first decisions."""
        first = ways[0]
        document, values = self._documents[first], self._values[first]
        if len(first) == depth:
            return values[document["output"]["ref"]]
        sides = [[way for way in ways if way[depth] is outcome] for outcome in (True, False)]
        if not all(sides):
            return self._chosen(sides[0] or sides[1], depth + 1)
        taken, other = (self._chosen(side, depth + 1) for side in sides)
        if taken == other:
            return taken
        condition = {"ref": values[document[CONDITIONS][depth]]}
        is_true = self._add(["aten.to.dtype", [condition, {"dtype": "bool"}], {}])
        arguments = [{"ref": is_true}, {"ref": taken}, {"ref": other}]
        return self._add(["aten.where.self", arguments, {}])


def _references(part: Any) -> list[int]:
    """Indices of the values that a part of a node refers to."""
    match part:
        case {"ref": int(number)}:
            return [number]
        case [*items]:
            return [number for item in items for number in _references(item)]
        case _:
            return []


def _with_references(part: Any, values: Sequence[int]) -> Any:
    """A part of a node with its references as indices of other values."""
    match part:
        case {"ref": int(number)}:
            return {"ref": values[number]}
        case [*items]:
            return [_with_references(item, values) for item in items]
        case _:
            return part
