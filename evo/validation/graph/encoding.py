"""Encode recorded operator calls and constants as nodes of a graph's JSON. Runs in the child."""

import operator
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch.fx import Node
from torch.fx.node import map_arg

from evo.validation.graph.arguments import (
    MAX_CONSTANT_ELEMENTS,
    schema_of,
    write_float,
    write_tensor,
)
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
        nodes: list[Node] = []
        map_arg((self.arguments, self.keywords), nodes.append)
        return nodes


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


def from_back(call: RecordedCall) -> list[Any] | None:
    """Arguments of a call with dimensions counted from the last one; None where it names none."""
    if call.target is operator.getitem or not call.arguments:
        return None
    first = call.arguments[0][0] if isinstance(call.arguments[0], list) else call.arguments[0]
    if not isinstance(first, Node) or "rank" not in first.meta:
        return None
    schema = schema_of(call.target)
    rank = first.meta["rank"] + (schema.name in _ADDING_A_DIMENSION)
    names = [argument.name for argument in schema.arguments]
    if not any(name in _DIMENSIONS for name in names):
        return None
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
    raise TraceError(f"a graph cannot hold an argument of type {type(value).__name__}")
