"""Views of tensors and writes into them, as operators that return new tensors. Runs in the child.

A write into `y[:, 1:]` gives y a new value, `slice_scatter` of the written part, and with it all
other views of y. Values are followed by the node that made their memory.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from evo.validation.graph.arguments import schema_of
from evo.validation.graph.calls import Node
from evo.validation.graph.encoding import RecordedCall
from evo.validation.graph.recording import TraceError

_aten = torch.ops.aten

Emit = Callable[[RecordedCall], Node]
"""Adds a call to the graph and gives its node."""


class _View(NamedTuple):
    parent: Node
    call: RecordedCall


class Views:
    """The present value of every recorded node, through views and writes.

    Args:
        emit: adds calls that follow views and writes.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._memory: dict[Node, Node] = {}
        """For each result of a write the node that made its memory."""
        self._views: dict[Node, _View] = {}
        self._values: dict[Node, Node] = {}
        """Present value of memory that was written to, or of a view that was made once more."""
        self._made_of: dict[Node, Node] = {}
        """For each view the value of its parent that its own value was taken from."""

    def value(self, node: Node) -> Node:
        """The node with the present value of a recorded node."""
        memory = self._memory.get(node, node)
        view = self._views.get(memory)
        if view is not None:
            parent = self.value(view.parent)
            if self._made_of[memory] is not parent:
                self._made_of[memory] = parent
                arguments = (parent, *view.call.arguments[1:])
                self._values[memory] = self._emit(view.call._replace(arguments=arguments))
        return self._values.get(memory, memory)

    def add_view(self, node: Node, parent: Node, call: RecordedCall) -> None:
        """Note that a node is a view of another, by this call."""
        memory = self._memory.get(parent, parent)
        if node is not memory:
            self._views[node] = _View(memory, call)
            self._made_of[node] = self.value(memory)

    def add_same(self, node: Node, value: Node) -> None:
        """Note that a node has the value of another."""
        self._values[node] = value

    def is_writable(self, node: Node) -> bool:
        """True if nothing but the function reads the memory: no kept input or module's constant."""
        memory = self._memory.get(node, node)
        while memory in self._views:
            memory = self._views[memory].parent
        return memory.op == "call_function" or memory.meta.get("is_kept") is False

    def write(self, written: Node, result: Node, value: Node) -> None:
        """Note a write.

        Args:
            written: the recorded node that is written into.
            result: the recorded node of the write itself.
            value: what the memory holds from now on.

        Raises:
            TraceError: there is no operator that writes through such a view.
        """
        memory = self._memory.get(written, written)
        if result is not memory:
            self._memory[result] = memory
        self._values[memory] = value
        view = self._views.get(memory)
        if view is not None:
            parent = self.value(view.parent)
            if schema_of(view.call.target).name == "aten::detach":
                into = straight_through(self._emit, parent, value)
            else:
                into = self._emit(_written_through(view.call, parent, value))
            self.write(view.parent, view.parent, into)
            self._made_of[memory] = self.value(view.parent)
            self._values[memory] = value


def straight_through(emit: Emit, before: Node, value: Node) -> Node:
    """A new value of a tensor with the gradient of the one before, as a write past autograd has."""
    if not before.meta.get("dtype", torch.float32).is_floating_point:
        return value
    detached = emit(RecordedCall(_aten.detach.default, (before,), {}))
    zero = emit(RecordedCall(_aten.sub.Tensor, (before, detached), {}))
    finite = emit(RecordedCall(_aten.nan_to_num.default, (zero, 0.0, 0.0, 0.0), {}))
    return emit(RecordedCall(_aten.add.Tensor, (value, finite), {}))


def _written_through(call: RecordedCall, parent: Node, value: Node) -> RecordedCall:
    """The call that gives the parent of a view its new value."""
    name = schema_of(call.target).name.removeprefix("aten::")
    rest = call.arguments[1:]
    if name in _SAME:
        return RecordedCall(_aten.alias.default, (value,), {})
    if name in _SCATTERED:
        return RecordedCall(_SCATTERED[name], (parent, value, *rest), call.keywords)
    if name in _RESHAPED:
        return RecordedCall(_aten.view_as.default, (value, parent), {})
    if name in _OWN_INVERSE:
        return RecordedCall(call.target, (value, *rest), call.keywords)
    if name == "narrow" and all(type(number) is int for number in rest):
        dim, start, length = rest
        return RecordedCall(
            _aten.slice_scatter.default, (parent, value, dim, start, start + length), {}
        )
    if name == "permute":
        order = [0] * len(rest[0])
        for place, dim in enumerate(rest[0]):
            order[dim] = place
        return RecordedCall(call.target, (value, order), {})
    raise TraceError(
        f"it writes into a tensor through {name}, of which several elements may share memory; "
        "compute a new tensor instead, or write into a .clone()"
    )


_SAME = frozenset({"alias", "to", "contiguous", "type_as", "lift_fresh", "positive"})
_SCATTERED: dict[str, Any] = {
    "slice": _aten.slice_scatter.default,
    "select": _aten.select_scatter.default,
    "diagonal": _aten.diagonal_scatter.default,
}
_RESHAPED = frozenset(
    {"view", "reshape", "flatten", "ravel", "unsqueeze", "squeeze", "view_as", "unflatten"}
)
_OWN_INVERSE = frozenset({"t", "transpose", "mT", "numpy_T", "swapaxes", "swapdims"})
