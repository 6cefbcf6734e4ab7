"""Write a recorded function as the text of a graph. Runs in the sandbox's child.

A graph consists of pure operators only, so the recording is changed in four ways:

- A value that depends on no input is computed once and becomes a constant without a device, unless
  it changes with the shapes of inputs.
- An in-place operator becomes the one that returns a new tensor. That is the same function as long
  as no other value shares the memory; where one does, the trace is refused.
- A value that is used under `torch.no_grad` is detached, which gives the same gradients.
- Devices, layouts and other arguments that do not change values are left out.
"""

import json
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch._ops import OpOverload
from torch.fx import Node
from torch.fx.node import map_arg

from evo.validation.graph.arguments import schema_of
from evo.validation.graph.encoding import RecordedCall, encode_call, encode_constant, from_back
from evo.validation.graph.recording import Recording, TraceError

_SHARING = frozenset({"aten.type_as.default"})
"""Operators that may return their input, though their schema does not say so."""

_DETACH = torch.ops.aten.detach.default


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


def write_graph(recording: Recording) -> str:
    """The text of the graph that computes the recorded function.

    Raises:
        TraceError: the function does something that a graph cannot express.
    """
    writer = _Writer(recording)
    writer.read()
    return writer.written().text


def write_graphs(recordings: Sequence[Recording]) -> list[Written]:
    """The graphs of one function, recorded at several shapes.

    A value that depends on no input, but changes with the shapes, is no constant: its operators
    become part of the graph.

    Raises:
        TraceError: the function does something that a graph cannot express.
    """
    writers = _read(recordings, frozenset())
    if changing := _changing([writer.constants for writer in writers]):
        writers = _read(recordings, changing)
    return [writer.written() for writer in writers]


def _read(recordings: Sequence[Recording], changing: frozenset[int]) -> "list[_Writer]":
    writers = [_Writer(recording, changing) for recording in recordings]
    for writer in writers:
        writer.read()
    return writers


def _changing(versions: Sequence[Mapping[int, Any]]) -> frozenset[int]:
    """Places of constants that are not the same in all recordings."""
    first, *others = versions
    return frozenset(
        place
        for place, value in first.items()
        if not all(_is_same(value, other.get(place)) for other in others)
    )


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        is_alike = one.shape == other.shape and one.dtype == other.dtype
        return is_alike and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))
    return type(one) is type(other)


class _Writer:
    def __init__(self, recording: Recording, changing: frozenset[int] = frozenset()) -> None:
        self._recording = recording
        self._changing = changing
        """Places of nodes that are no constants though they depend on no input."""
        self._inputs: list[Node] = []
        self._output: Any = None
        self._calls: dict[Node, RecordedCall] = {}
        self._constants: dict[Node, Any] = {}
        """Values that depend on no input."""
        self.constants: dict[int, Any] = {}
        """The same by place among the recorded nodes."""
        self._newer: dict[Node, Node] = {}
        """Node with the new value of each node that was written into."""
        self._shared: set[Node] = set()
        """Nodes that share memory with another."""
        self._has_gradients = True
        self._detached: dict[Node, Node] = {}
        """Detached copy of each node that was used under `torch.no_grad`."""

    def read(self) -> None:
        """Read the recording."""
        for place, node in enumerate(list(self._recording.graph.nodes)):
            if node.op == "placeholder":
                self._inputs.append(node)
            elif node.op == "get_attr":
                self._constants[node] = self._recording.constants[str(node.target)]
            elif node.target is torch._C._set_grad_enabled:  # pyright: ignore[reportPrivateUsage] - what the recorder writes for torch.no_grad
                self._has_gradients = bool(node.args[0])
            elif node.op == "call_function":
                self._read(node, place)
            else:
                self._output = node.args[0]

    def written(self) -> Written:
        """The graph, with details of its nodes."""
        output = self._output
        if not isinstance(output, Node):
            raise TraceError(f"expected one tensor to be returned, got a {type(output).__name__}")
        return self._write(self._latest(output))

    def _latest(self, node: Node) -> Node:
        while node in self._newer:
            node = self._newer[node]
        return node

    def _read(self, node: Node, place: int) -> None:
        target: Any = node.target
        call = RecordedCall(
            target,
            map_arg(node.args, self._latest),  # pyright: ignore[reportArgumentType] - args stay a tuple
            map_arg(node.kwargs, self._latest),  # pyright: ignore[reportArgumentType]
        )
        if target is not operator.getitem:
            if not self._has_gradients:
                call = self._without_gradients(node, call)
            call = self._as_pure(node, call)
        sources = call.sources()
        if all(source in self._constants for source in sources) and place not in self._changing:
            with torch.no_grad():
                arguments, keywords = map_arg(
                    (call.arguments, call.keywords), self._constants.__getitem__
                )
                self._constants[node] = call.target(*arguments, **keywords)
            self.constants[place] = self._constants[node]
        else:
            self._calls[node] = call

    def _without_gradients(self, node: Node, call: RecordedCall) -> RecordedCall:
        """The call on detached values."""
        if isinstance(call.target, OpOverload) and schema_of(call.target).is_mutable:
            raise TraceError(
                f"{call.target} writes into a tensor under torch.no_grad(); compute a new tensor "
                "instead"
            )

        def detached(source: Node) -> Node:
            if source not in self._detached:
                with self._recording.graph.inserting_before(node):
                    copy = self._recording.graph.call_function(_DETACH, (source,))
                self._calls[copy] = RecordedCall(_DETACH, (source,), {})
                self._detached[source] = copy
            return self._detached[source]

        def read(source: Node) -> Node:
            return source if source in self._constants else detached(source)

        self._detached[node] = node
        return RecordedCall(
            call.target, map_arg(call.arguments, read), map_arg(call.keywords, read)
        )

    def _as_pure(self, node: Node, call: RecordedCall) -> RecordedCall:
        """The call that gives the same value without writing into its arguments."""
        target = call.target
        name = str(target)
        if not isinstance(target, OpOverload):
            raise TraceError(
                f"{getattr(target, '__name__', name)} is no tensor operator; use only those, and "
                ".detach() in place of torch.no_grad()"
            )
        if torch.Tag.nondeterministic_seeded in target.tags:
            raise TraceError(f"{name} is random; a component must give the same output every time")
        if name == "aten.lift_fresh_copy.default":
            return call._replace(target=torch.ops.aten.clone.default)
        if name == "aten.detach_.default":
            self._newer[call.arguments[0]] = node
            return call._replace(target=torch.ops.aten.detach.default)
        if schema_of(target).is_mutable:
            return call._replace(target=self._without_writing(node, call))
        if name == "aten.to.device":
            without_device = (call.arguments[0], *call.arguments[2:])
            call = call._replace(target=torch.ops.aten.to.dtype, arguments=without_device)
        if name in _SHARING or any(output.alias_info for output in schema_of(target).returns):
            self._shared.update((node, call.arguments[0]))
        return call

    def _without_writing(self, node: Node, call: RecordedCall) -> OpOverload:
        target, written = call.target, call.arguments[0]
        if written.op != "call_function" or written in self._shared:
            raise TraceError(
                f"{target} writes into memory that several values share; compute a new tensor "
                "instead, with torch.where for a part of it"
            )
        base = schema_of(target).name.removeprefix("aten::").removesuffix("_")
        packet = getattr(torch.ops.aten, base, None)
        if packet is None or target._overloadname not in packet.overloads():
            raise TraceError(f"{target} writes into its tensor; compute a new tensor instead")
        self._newer[written] = node
        return getattr(packet, target._overloadname)

    def _write(self, output: Node) -> Written:
        inputs = self._inputs
        needed = {output}
        for node, call in reversed(self._calls.items()):
            if node in needed:
                needed.update(call.sources())
        numbers = {node: number for number, node in enumerate(inputs)}
        nodes: list[Any] = []
        behind: list[list[Any] | None] = []
        lines: list[int] = []
        for node in [*self._calls, output]:
            if node not in needed or node in numbers:
                continue
            call = self._calls.get(node)
            line = node.meta.get("line", 0)
            for source in [node] if call is None else call.sources():
                if source in self._constants and source not in numbers:
                    numbers[source] = len(inputs) + len(nodes)
                    nodes.append(encode_constant(self._constants[source]))
                    behind.append(None)
                    lines.append(source.meta.get("line", line))
            if call is not None:
                numbers[node] = len(inputs) + len(nodes)
                nodes.append(encode_call(call, numbers))
                behind.append(from_back(call))
                lines.append(line)
        document = {"inputs": len(inputs), "nodes": nodes, "output": {"ref": numbers[output]}}
        return Written(json.dumps(document, separators=(",", ":")), behind, lines)
