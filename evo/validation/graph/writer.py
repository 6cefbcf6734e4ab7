"""Writes a recorded function down as the text of a graph. Lives in the sandboxed child.

Four things are settled here, since a graph has no words for them:

- What no input reaches is computed once and kept as a constant, on no particular device.
- An operator that writes into its tensor becomes the one that returns a new tensor. That is the
  same function as long as no other value shares the memory; where one does, the trace is refused.
- What is computed under `torch.no_grad` is detached, which gives the same gradients.
- Devices, layouts and other arguments that do not change values are left out.
"""

import json
import operator
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch._ops import OpOverload
from torch.fx import Graph, Node
from torch.fx.node import map_arg

from evo.validation.graph.arguments import (
    MAX_CONSTANT_ELEMENTS,
    schema_of,
    write_float,
    write_tensor,
)

_LEFT_OUT = ("Device", "Layout", "MemoryFormat")
"""Types of arguments that say where or how a tensor lies, not what it holds."""
_LEFT_OUT_NAMES = ("pin_memory", "non_blocking")
_SHARING = frozenset({"aten.type_as.default"})
"""Operators that may return their input, though their schema does not say so."""

_DETACH = torch.ops.aten.detach.default


class TraceError(Exception):
    """The source has no trace; the message says why, for its author."""


class Recording(NamedTuple):
    """What a function did.

    Attributes:
        graph: its operators; what comes from elsewhere is a `get_attr` node.
        constants: the tensors from elsewhere, by the target of their node.
    """

    graph: Graph
    constants: dict[str, torch.Tensor]


def write_graph(recording: Recording) -> str:
    """The text of the graph that a recorded function computes.

    Raises:
        TraceError: it does something that no graph can say.
    """
    return _Writer(recording).text()


class _Call(NamedTuple):
    target: Any
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    def sources(self) -> list[Node]:
        """The values it is called on."""
        found: list[Node] = []
        map_arg((self.arguments, self.keywords), found.append)
        return found


class _Writer:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._calls: dict[Node, _Call] = {}
        self._constants: dict[Node, Any] = {}
        """Values that no input reaches."""
        self._newer: dict[Node, Node] = {}
        """What was written into, and the node that holds its new value."""
        self._shared: set[Node] = set()
        """Values that share their memory with another."""
        self._has_gradients = True
        self._detached: dict[Node, Node] = {}
        """What was read under `torch.no_grad`, and the node that holds it without gradient."""

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
        call = _Call(
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

    def _without_gradients(self, node: Node, call: _Call) -> _Call:
        """The call on values that no gradient passes through."""
        if isinstance(call.target, OpOverload) and schema_of(call.target).is_mutable:
            raise TraceError(
                f"{call.target} writes into a tensor under torch.no_grad(); compute a new tensor "
                "instead"
            )

        def detached(source: Node) -> Node:
            if source not in self._detached:
                with self._recording.graph.inserting_before(node):
                    made = self._recording.graph.call_function(_DETACH, (source,))
                self._calls[made] = _Call(_DETACH, (source,), {})
                self._detached[source] = made
            return self._detached[source]

        def read(source: Node) -> Node:
            return source if source in self._constants else detached(source)

        self._detached[node] = node
        return _Call(call.target, map_arg(call.arguments, read), map_arg(call.keywords, read))

    def _as_pure(self, node: Node, call: _Call) -> _Call:
        """The call that gives the same value and leaves its arguments alone."""
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
            kept = (call.arguments[0], *call.arguments[2:])
            call = call._replace(target=torch.ops.aten.to.dtype, arguments=kept)
        if name in _SHARING or any(given.alias_info for given in schema_of(target).returns):
            self._shared.update((node, call.arguments[0]))
        return call

    def _without_writing(self, node: Node, call: _Call) -> OpOverload:
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
                    nodes.append(_constant(self._constants[source]))
            if call is not None:
                numbers[node] = len(inputs) + len(nodes)
                nodes.append(_operator(call, numbers))
        document = {"inputs": len(inputs), "nodes": nodes, "output": {"ref": numbers[output]}}
        return json.dumps(document, separators=(",", ":"))


def _constant(value: Any) -> list[Any]:
    if not isinstance(value, torch.Tensor) or value.is_complex():
        raise TraceError("expected constants to be real tensors")
    if value.numel() > MAX_CONSTANT_ELEMENTS:
        raise TraceError(
            f"a constant has {value.numel():,} elements, at most {MAX_CONSTANT_ELEMENTS:,} are "
            "allowed; derive it from the input or make it smaller"
        )
    dtype = str(value.dtype).removeprefix("torch.")
    return ["constant", dtype, list(value.shape), write_tensor(value.detach())]


def _operator(call: _Call, numbers: dict[Node, int]) -> list[Any]:
    if call.target is operator.getitem:
        source, part = call.arguments
        return ["item", {"ref": numbers[source]}, part]
    arguments = list(call.arguments)
    schema = {argument.name: argument for argument in schema_of(call.target).arguments}
    while arguments and _is_default(list(schema.values())[len(arguments) - 1], arguments[-1]):
        arguments.pop()
    return [
        str(call.target),
        [_encode(value, numbers) for value in arguments],
        {
            key: _encode(value, numbers)
            for key, value in sorted(call.keywords.items())
            if not _is_left_out(schema[key]) and not _is_default(schema[key], value)
        },
    ]


def _is_left_out(argument: Any) -> bool:
    return argument.name in _LEFT_OUT_NAMES or any(
        word in str(argument.real_type) for word in _LEFT_OUT
    )


def _is_default(argument: Any, value: Any) -> bool:
    return (
        argument.has_default_value()
        and type(argument.default_value) is type(value)
        and argument.default_value == value
    )


def _encode(value: Any, numbers: dict[Node, int]) -> Any:
    if isinstance(value, Node):
        return {"ref": numbers[value]}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return write_float(value)
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, Iterable):
        return [_encode(part, numbers) for part in value]
    raise TraceError(f"an argument of type {type(value).__name__} has no place in a graph")
