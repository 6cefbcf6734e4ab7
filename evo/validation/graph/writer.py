"""Write a recorded function as the text of a graph. Runs in the sandbox's child.

A graph consists of pure operators only, so the recording is changed in four ways:

- A value that depends on no input is computed once and becomes a constant without a device, unless
  it changes with the shapes of inputs.
- An in-place operator becomes the one that returns a new tensor, and all that shares the memory
  follows (see `views`). Selections by a mask become whole tensors (see `masks`).
- A value that is used under `torch.no_grad` is detached, which gives the same gradients.
- Devices, layouts and other arguments that do not change values are left out.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch._ops import OpOverload

from evo.validation.graph.arguments import schema_of
from evo.validation.graph.calls import Node, with_nodes
from evo.validation.graph.encoding import RecordedCall
from evo.validation.graph.masks import Masks
from evo.validation.graph.recording import Recording, TraceError, at_line
from evo.validation.graph.views import Views, straight_through
from evo.validation.graph.written import Written, write_calls

_CHOOSING = (torch.ops.aten.index.Tensor, torch.ops.aten.masked_select.default)
_DETACH = torch.ops.aten.detach.default


def write_graphs(recordings: Sequence[Recording], progress: Callable[[], None]) -> list[Written]:
    """The graphs of one function, recorded at several shapes; calls `progress` often for each.

    A value that depends on no input, but changes with the shapes, is no constant: its operators
    become part of the graph.

    Raises:
        TraceError: the function does something that a graph cannot express.
    """
    writers = _read(recordings, frozenset(), progress)
    if changing := _changing([writer.constants for writer in writers]):
        writers = _read(recordings, changing, progress)
    written: list[Written] = []
    for writer in writers:
        progress()
        written.append(writer.written())
    return written


def _read(
    recordings: Sequence[Recording], changing: frozenset[int], progress: Callable[[], None]
) -> "list[_Writer]":
    writers = [_Writer(recording, changing) for recording in recordings]
    for writer in writers:
        progress()
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


def _is_differentiable(recording: Recording) -> bool:
    """True if any operator is called outside `torch.no_grad`."""
    has_gradients = True
    for node in recording.graph.nodes:
        if node.target is torch._C._set_grad_enabled:  # pyright: ignore[reportPrivateUsage] - as in `read`
            has_gradients = bool(node.args[0])
        elif node.op == "call_function" and has_gradients:
            return True
    return False


def _without_device(call: RecordedCall) -> RecordedCall:
    """The call without the device that it names."""
    name = str(call.target)
    if name == "aten.lift_fresh_copy.default":
        return call._replace(target=torch.ops.aten.clone.default)
    if name == "aten.to.device":
        arguments = (call.arguments[0], *call.arguments[2:])
        return call._replace(target=torch.ops.aten.to.dtype, arguments=arguments)
    return call


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
        self._views = Views(self._emit)
        self._masks = Masks(self._emit, self._calls.get)
        self._has_gradients = True
        self._is_differentiable = _is_differentiable(recording)
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
                try:
                    self._read(node, place)
                except TraceError as error:
                    raise at_line(error, node.meta.get("line", 0)) from None
            else:
                self._output = node.args[0]
                break  # beyond it lies what an earlier writer added

    def written(self) -> Written:
        """The graph, with details of its nodes."""
        output = self._output
        if not isinstance(output, Node):
            raise TraceError(f"expected one tensor to be returned, got a {type(output).__name__}")
        value = self._views.value(output)
        chosen = None if self._masks.chosen_by(value) is None else self._masks.row_by_row(value)
        value = value if chosen is None else chosen
        if self._masks.chosen_by(value) is not None:
            error = TraceError(
                "it returns x[mask], whose size depends on values; use torch.where, or "
                "(x * mask).sum(1) for one entry of each row"
            )
            raise at_line(error, output.meta.get("line", 0))
        conditions = [self._views.value(node) for node in self._recording.conditions]
        return write_calls(self._calls, self._constants, self._inputs, value, conditions=conditions)

    def _read(self, node: Node, place: int) -> None:
        value = self._views.value
        call = RecordedCall(
            node.target,
            with_nodes(node.args, value),
            with_nodes(node.kwargs, value),
        )
        if call.target is operator.getitem:
            self._settle(node, call, place)
            return
        self._check_operator(call)
        if not self._has_gradients:
            call = self._without_gradients(node, call)
        if schema_of(call.target).is_mutable:
            written = value(node.args[0])
            self._settle(node, self._write_into(node, call), place)
            result = node if self._has_gradients else self._straight_through(written, node)
            self._views.write(node.args[0], node, result)
            return
        if call.target in _CHOOSING:
            call = self._masks.choose(node, call) or call
        elif self._masks.is_reshaped(node, call):
            self._views.add_same(node, call.arguments[0])
            return
        else:
            call = self._masks.follow(node, call)
        call = _without_device(call)
        self._settle(node, call, place)
        if node.meta.get("is_view"):
            self._views.add_view(node, node.args[0], call)

    def _emit(self, call: RecordedCall) -> Node:
        """A node for a call that is not in the recording."""
        node = self._recording.graph.call(call.target, call.arguments, call.keywords)
        self._recording.graph.take_back(node)  # which may be read once more, see `write_graphs`
        self._settle(node, call, None)
        return node

    def _settle(self, node: Node, call: RecordedCall, place: int | None) -> None:
        """Make a call part of the graph, or its value a constant where it depends on no input."""
        sources = call.sources()
        if all(source in self._constants for source in sources) and place not in self._changing:
            with torch.no_grad():
                arguments, keywords = with_nodes(
                    (call.arguments, call.keywords), self._constants.__getitem__
                )
                value = call.target(*arguments, **keywords)
            self._constants[node] = value
            if place is not None:
                self.constants[place] = value
            if isinstance(value, torch.Tensor):
                node.meta |= {"shape": tuple(value.shape), "dtype": value.dtype}
        else:
            self._calls[node] = call

    def _check_operator(self, call: RecordedCall) -> None:
        target = call.target
        if not isinstance(target, OpOverload):
            name = getattr(target, "__name__", str(target))
            raise TraceError(
                f"{name} is no tensor operator; use only those, and .detach() in place of "
                "torch.no_grad()"
            )
        if torch.Tag.nondeterministic_seeded in target.tags:
            raise TraceError(
                f"{target} is random; a component must give the same output every time"
            )

    def _without_gradients(self, node: Node, call: RecordedCall) -> RecordedCall:
        """The call on detached values."""

        def detached(source: Node) -> Node:
            if source not in self._detached:
                copy = self._emit(RecordedCall(_DETACH, (source,), {}))
                self._detached[source] = self._detached[copy] = copy
            return self._detached[source]

        def read(source: Node) -> Node:
            return source if source in self._constants else detached(source)

        self._detached[node] = node
        return RecordedCall(
            call.target, with_nodes(call.arguments, read), with_nodes(call.keywords, read)
        )

    def _straight_through(self, written: Node, result: Node) -> Node:
        """Result of a write under `torch.no_grad`: the new value with the old one's gradient."""
        is_detached = self._detached.get(written) is written
        if is_detached or written in self._constants or not self._is_differentiable:
            return result
        return straight_through(self._emit, written, result)

    def _write_into(self, node: Node, call: RecordedCall) -> RecordedCall:
        """The call that gives the new value of the tensor that a call writes into."""
        target, written = call.target, call.arguments[0]
        if not isinstance(node.args[0], Node) or not self._views.is_writable(node.args[0]):
            raise TraceError(
                f"{target} writes into what other calls share (weights, learned numbers, "
                "constants of the module); compute a new tensor instead, or write into a .clone()"
            )
        name = schema_of(target).name.removeprefix("aten::").removesuffix("_")
        if name == "index_put" and (put := self._masks.put(call)) is not None:
            return put
        if name == "copy" or str(target) == "aten.fill_.Tensor":
            return self._copied(written, call.arguments[1])
        if name == "fill_diagonal":
            diagonal = self._emit(RecordedCall(torch.ops.aten.diagonal.default, (written,), {}))
            value = (diagonal, call.arguments[1])
            filled = self._emit(RecordedCall(torch.ops.aten.full_like.default, value, {}))
            scatter = torch.ops.aten.diagonal_scatter.default
            return RecordedCall(scatter, (written, filled), {})
        packet = getattr(torch.ops.aten, name, None)
        overload = target._overloadname
        if name in {"pow", "float_power"}:
            overload = f"Tensor_{overload}"  # `Scalar` is that of a number to a tensor's power
        if packet is None or overload not in packet.overloads():
            raise TraceError(f"{target} writes into its tensor; compute a new tensor instead")
        pure = call._replace(target=getattr(packet, overload))
        return self._masks.follow(node, pure)

    def _copied(self, written: Node, source: Node) -> RecordedCall:
        """The call that gives a source the shape and dtype of what it is written into."""
        if self._masks.chosen_by(source) is not None:
            raise TraceError("it writes x[mask] into a part of a tensor; use torch.where")
        shape, dtype = source.meta.get("shape"), source.meta.get("dtype")
        if shape is None or shape != written.meta.get("shape"):
            call = RecordedCall(torch.ops.aten.expand_as.default, (source, written), {})
            if dtype is not None and dtype == written.meta.get("dtype"):
                return call
            source = self._emit(call)
        elif dtype == written.meta.get("dtype"):
            return RecordedCall(torch.ops.aten.alias.default, (source,), {})
        return RecordedCall(torch.ops.aten.type_as.default, (source, written), {})
