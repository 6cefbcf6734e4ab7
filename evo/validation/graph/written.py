"""The text of a graph, written from recorded calls. Runs in the sandbox's child."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evo.validation.graph.calls import Node
from evo.validation.graph.encoding import (
    CONDITIONS,
    RecordedCall,
    encode_call,
    encode_constant,
    from_back,
)


class Written(NamedTuple):
    """A recorded function as text, with details of its nodes.

    Attributes:
        text: of the graph.
        from_back: for each node its arguments with dimensions counted from the last one, None
            where it names none.
        lines: the source's line of each node, 0 where it is not known.
    """

    text: str
    from_back: list[list[Any] | None]
    lines: list[int]


def write_calls(
    calls: Mapping[Node, RecordedCall],
    constants: Mapping[Node, Any],
    inputs: Sequence[Node],
    output: Node,
    *,
    conditions: Sequence[Node],
) -> Written:
    """Write calls as the text of a graph, without those that its output does not need.

    Args:
        calls: by the node of their result, in order.
        constants: values that depend on no input.
        inputs: arguments of the function.
        output: its result.
        conditions: tensors that it decided by.
    """
    needed = {output, *conditions}
    for node, call in reversed(list(calls.items())):
        if node in needed:
            needed.update(call.sources())
    numbers = {node: number for number, node in enumerate(inputs)}
    nodes: list[Any] = []
    behind: list[list[Any] | None] = []
    lines: list[int] = []
    for node in [*calls, *conditions, output]:
        if node not in needed or node in numbers:
            continue
        call = calls.get(node)
        line = node.meta.get("line", 0)
        for source in [node] if call is None else call.sources():
            if source in constants and source not in numbers:
                numbers[source] = len(inputs) + len(nodes)
                nodes.append(encode_constant(constants[source]))
                behind.append(None)
                lines.append(source.meta.get("line", line))
        if call is not None:
            numbers[node] = len(inputs) + len(nodes)
            nodes.append(encode_call(call, numbers))
            behind.append(from_back(call))
            lines.append(line)
    document: dict[str, Any] = {"inputs": len(inputs), "nodes": nodes}
    if conditions:
        document[CONDITIONS] = [numbers[condition] for condition in conditions]
    document["output"] = {"ref": numbers[output]}
    return Written(json.dumps(document, separators=(",", ":")), behind, lines)
