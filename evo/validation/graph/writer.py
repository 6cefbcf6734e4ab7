"""Write a recorded function as the text of a graph. Runs in the sandbox's child.

A graph consists of pure operators only, so the recording is changed in four ways:

- A value that depends on no input is computed once and becomes a constant without a device.
- An in-place operator becomes the one that returns a new tensor. That is the same function as long
  as no other value shares the memory; where one does, the trace is refused.
- A value that is used under `torch.no_grad` is detached, which gives the same gradients.
- Devices, layouts and other arguments that do not change values are left out.
"""

import json
import operator
from typing import Any

import torch
from torch._ops import OpOverload
from torch.fx import Node
from torch.fx.node import map_arg

from evo.validation.graph.arguments import schema_of
from evo.validation.graph.encoding import RecordedCall, encode_call, encode_constant
from evo.validation.graph.recording import Recording, TraceError

_SHARING = frozenset({"aten.type_as.default"})
"""Operators that may return their input, though their schema does not say so."""

_DETACH = torch.ops.aten.detach.default


def write_graph(recording: Recording) -> str:
    """The text of the graph that computes the recorded function.

    Raises:
        TraceError: the function does something that a graph cannot express.
    """
    return _Writer(recording).text()


class _Writer:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._calls: dict[Node, RecordedCall] = {}
        self._constants: dict[Node, Any] = {}
        """Values that depend on no input."""
        self._newer: dict[Node, Node] = {}
        """Node with the new value of each node that was written into."""
        self._shared: set[Node] = set()
        """Nodes that share memory with another."""
        self._has_gradients = True
        self._detached: dict[Node, Node] = {}
        """Detached copy of each node that was used under `torch.no_grad`."""

    def text(self) -> str:
        inputs: list[Node] = []
        output: Any = None
        for node in self._recording.graph.nodes:
            if node.op == "placeholder":
                inputs.append(node)
            elif node.op == "get_attr":
                self._constants[node] = self._recording.constants[str(node.target)]
            elif node.target is torch._C._set_grad_enabled:  # pyright: ignore[reportPrivateUsage] - what the recorder writes for torch.no_grad
                self._has_gradients = bool(node.args[0])
            elif node.op == "call_function":
                self._read(node)
            else:
                output = node.args[0]
        if not isinstance(output, Node):
            raise TraceError(f"expected one tensor to be returned, got a {type(output).__name__}")
        return self._write(inputs, self._latest(output))

    def _latest(self, node: Node) -> Node:
        while node in self._newer:
            node = self._newer[node]
        return node

    def _read(self, node: Node) -> None:
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
        if all(source in self._constants for source in sources):
            with torch.no_grad():
                arguments, keywords = map_arg(
                    (call.arguments, call.keywords), self._constants.__getitem__
                )
                self._constants[node] = call.target(*arguments, **keywords)
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

    def _write(self, inputs: list[Node], output: Node) -> str:
        needed = {output}
        for node, call in reversed(self._calls.items()):
            if node in needed:
                needed.update(call.sources())
        numbers = {node: number for number, node in enumerate(inputs)}
        nodes: list[Any] = []
        for node in [*self._calls, output]:
            if node not in needed or node in numbers:
                continue
            call = self._calls.get(node)
            for source in [node] if call is None else call.sources():
                if source in self._constants and source not in numbers:
                    numbers[source] = len(inputs) + len(nodes)
                    nodes.append(encode_constant(self._constants[source]))
            if call is not None:
                numbers[node] = len(inputs) + len(nodes)
                nodes.append(encode_call(call, numbers))
        document = {"inputs": len(inputs), "nodes": nodes, "output": {"ref": numbers[output]}}
        return json.dumps(document, separators=(",", ":"))
