"""Encode recorded operator calls and constants as nodes of a graph's JSON. Runs in the child."""

import operator
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import torch
from torch._ops import OpOverload

from evo.validation.graph.arguments import (
    MAX_CONSTANT_ELEMENTS,
    schema_of,
    write_float,
    write_tensor,
)
from evo.validation.graph.calls import Node, nodes_in
from evo.validation.graph.recording import TraceError

CONDITIONS = "conditions"
"""Key of a graph's text that only holds until `choices` joins the ways of a function."""
_LEFT_OUT = ("Device", "Layout", "MemoryFormat")
"""Types of arguments that say where or how a tensor is stored, not its values."""
_DIMENSIONS = frozenset(
    {"dim", "dims", "dim0", "dim1", "dim2", "start_dim", "end_dim", "source", "destination"}
)
"""Names of arguments that are dimensions."""
_ADDING_A_DIMENSION = frozenset({"aten::unsqueeze", "aten::stack"})
_LEFT_OUT_NAMES = ("pin_memory", "non_blocking")


class RecordedCall(NamedTuple):
    """A call of an operator on nodes and plain arguments."""

    target: Any
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    def sources(self) -> list[Node]:
        """Nodes among its arguments."""
        return nodes_in((self.arguments, self.keywords))


class _Parameter(NamedTuple):
    """A parameter of an operator.

    Attributes:
        has_default: whether it may be left out.
        default: its value then.
        is_left_out: whether it says where or how a tensor is stored, not its values.
    """

    has_default: bool
    default: Any
    is_left_out: bool

    def is_default(self, value: Any) -> bool:
        """True if a call without the parameter has the same value."""
        return self.has_default and type(self.default) is type(value) and self.default == value


@cache
def parameters_of(operator: OpOverload) -> Mapping[str, _Parameter]:
    """Parameters of an operator by name, in order."""
    return {
        one.name: _Parameter(
            one.has_default_value(),
            one.default_value,
            one.name in _LEFT_OUT_NAMES or any(word in str(one.real_type) for word in _LEFT_OUT),
        )
        for one in schema_of(operator).arguments
    }


def encode_constant(value: Any) -> list[Any]:
    """The node of a constant tensor.

    Raises:
        TraceError: the value is no real tensor, or too large.
    """
    if not isinstance(value, torch.Tensor) or value.is_complex():
        raise TraceError("expected constants to be real tensors")
    if value.numel() > MAX_CONSTANT_ELEMENTS:
        raise TraceError(
            f"a constant has {value.numel():,} elements, at most {MAX_CONSTANT_ELEMENTS:,} are "
            "allowed; derive it from the input or make it smaller"
        )
    dtype = str(value.dtype).removeprefix("torch.")
    return ["constant", dtype, list(value.shape), write_tensor(value.detach())]


def encode_call(call: RecordedCall, numbers: dict[Node, int]) -> list[Any]:
    """The node of an operator call, without arguments at their defaults.

    Args:
        call: the call.
        numbers: index of each node that it refers to.

    Raises:
        TraceError: an argument has no form in JSON.
    """
    if call.target is operator.getitem:
        source, part = call.arguments
        return ["item", {"ref": numbers[source]}, part]
    arguments = list(call.arguments)
    schema = parameters_of(call.target)
    names = list(schema)
    while arguments and schema[names[len(arguments) - 1]].is_default(arguments[-1]):
        arguments.pop()
    return [
        str(call.target),
        [_encode(value, numbers) for value in arguments],
        {
            key: _encode(value, numbers)
            for key, value in sorted(call.keywords.items())
            if not schema[key].is_left_out and not schema[key].is_default(value)
        },
    ]


def from_back(call: RecordedCall) -> list[Any] | None:
    """Arguments of a call with dimensions counted from the last one; None where it names none."""
    if call.target is operator.getitem or not call.arguments:
        return None
    first = call.arguments[0]
    if isinstance(first, list):
        first = next(iter(first), None)  # such as the sizes of `torch.ones(())`, which are none
    if not isinstance(first, Node) or "rank" not in first.meta:
        return None
    names = list(parameters_of(call.target))
    if _DIMENSIONS.isdisjoint(names):
        return None
    rank = first.meta["rank"] + (schema_of(call.target).name in _ADDING_A_DIMENSION)
    return [
        _counted_from_back(value, rank) if name in _DIMENSIONS else None
        for name, value in zip(names, call.arguments, strict=False)
    ]


def _counted_from_back(value: Any, rank: int) -> Any:
    if type(value) is int:
        return value - rank if value >= 0 else value
    if isinstance(value, list | tuple):
        return [_counted_from_back(part, rank) for part in value]
    return value


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
    raise TraceError(f"a graph cannot hold an argument of type {type(value).__name__}")
