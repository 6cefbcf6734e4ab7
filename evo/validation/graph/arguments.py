"""Arguments of operators as JSON, read strictly by the operator's schema.

A number, a flag or None stands for itself; `{"ref": i}` is value i, `{"dtype": name}` a dtype,
`{"float": "inf"}` a float that JSON has no word for, `{"size": …}`, `{"formula": …}` and
`{"shape": …}` what follows the sizes of inputs (see `sizes`), a list a list of these.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeGuard

import torch
from torch._ops import OpOverload

from evo.validation.graph.sizes import Formula, ShapeSlice, Size, formula

JsonValue = Any
"""A result of `json.loads`, narrowed by checks before use."""

DTYPES: Mapping[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.bool,
    )
}
"""Dtypes that a graph may name."""

MAX_CONSTANT_ELEMENTS = 4096
"""Limit for all constants of a graph together."""

_FLOATS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_WORDS = frozenset(
    {"none", "tanh", "floor", "constant", "linear", "fro", "nuc"}
    | {"circular", "reflect", "replicate", "same", "valid"}
    | {"left", "right", "ij", "xy", "reduced", "complete", "r"}
    | {"backward", "forward", "ortho"}
)
"""Values of `approximate`, `rounding_mode`, `mode`, `interpolation`, `ord`, `padding` and others.

Not "trunc" for `rounding_mode`: the least integer divided so by −1 ends the process (SIGFPE).
"""
_INT64 = 2**63
_LARGEST_SIZE = 1000
"""Limit for the three numbers of a `{"size": …}`."""


class GraphError(Exception):
    """A text is no valid graph; the message says why."""


class Reference(NamedTuple):
    """An argument that is an earlier value, by index."""

    number: int


class Call(NamedTuple):
    """Checked arguments of an operator.

    References and sizes occur as positional arguments or as items of a list there. A keyword may be
    a size, such as the factor `alpha`, and is never a reference.
    """

    positional: tuple[Any, ...]
    keywords: dict[str, Any]


def read_call(operator: OpOverload, positional: JsonValue, keywords: JsonValue) -> Call:
    """Read the arguments of an operator call.

    Raises:
        GraphError: they do not fit the operator's schema.
    """
    if not isinstance(positional, list) or not isinstance(keywords, dict):
        raise GraphError(f"{operator}: expected a list and an object of arguments")
    by_position, by_name = _parameters(operator)
    if len(positional) > len(by_position):
        raise GraphError(
            f"{operator}: expected at most {len(by_position)} arguments, got {len(positional)}"
        )
    unknown = keywords.keys() - by_name.keys()
    if unknown:
        raise GraphError(f"{operator}: unknown keyword {min(unknown)!r}")
    missing = [
        argument.name
        for argument in (*by_position[len(positional) :], *by_name.values())
        if argument.is_required and argument.name not in keywords
    ]
    if missing:
        raise GraphError(f"{operator}: argument {missing[0]!r} is missing")
    return Call(
        tuple(
            _read(argument.type, value, argument.where)
            for argument, value in zip(by_position, positional, strict=False)
        ),
        {
            name: _read_keyword(by_name[name].type, value, by_name[name].where)
            for name, value in keywords.items()
        },
    )


class _Parameter(NamedTuple):
    """A parameter of an operator, with words for messages about it."""

    name: str
    type: str
    is_required: bool
    where: str


@cache
def _parameters(operator: OpOverload) -> tuple[tuple[_Parameter, ...], dict[str, _Parameter]]:
    """Parameters by position, and those that are given by name."""
    by_position: list[_Parameter] = []
    by_name: dict[str, _Parameter] = {}
    for argument in schema_of(operator).arguments:
        name = argument.name
        is_required = not argument.has_default_value()
        one = _Parameter(name, str(argument.real_type), is_required, f"{operator}, {name}")
        if argument.kwarg_only:
            by_name[name] = one
        else:
            by_position.append(one)
    return tuple(by_position), by_name


def read_float(value: JsonValue) -> float | None:
    """The float that a JSON value encodes; None if it encodes none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict) and list(value) == ["float"] and isinstance(value["float"], str):
        return _FLOATS.get(value["float"])
    return None


def write_float(value: float) -> JsonValue:
    """Encode a float as JSON.

    >>> write_float(0.5), write_float(float("inf"))
    (0.5, {'float': 'inf'})
    """
    return value if math.isfinite(value) else {"float": str(value)}


def schema_of(operator: OpOverload) -> torch.FunctionSchema:
    """Schema of an operator: its arguments and outputs."""
    return operator._schema  # pyright: ignore[reportPrivateUsage] - torch has no public access


def write_tensor(tensor: torch.Tensor) -> list[JsonValue]:
    """Encode the elements of a tensor as JSON, in row-major order."""
    values: list[JsonValue] = tensor.flatten().tolist()
    return [write_float(value) for value in values] if tensor.is_floating_point() else values


def first_line(error: BaseException) -> str:
    """First line of an error's message, at most 200 characters."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]


def is_int64(value: JsonValue) -> TypeGuard[int]:
    """True if a JSON value is an integer (not a bool) in the range of int64."""
    return type(value) is int and -_INT64 <= value < _INT64


def _read(expected: str, value: JsonValue, where: str) -> Any:
    if expected.startswith("Optional["):
        return None if value is None else _read(expected[9:-1], value, where)
    if expected.startswith("List["):
        if not isinstance(value, list):
            raise GraphError(f"{where}: expected a list, got {_short(value)}")
        is_shape = expected == "List[int]"
        return [
            (_shape(part) if is_shape else None) or _read(expected[5:-1], part, where)
            for part in value
        ]
    read = _READERS.get(expected)
    argument = None if read is None else read(value)
    if argument is None:
        wanted = f"one of {', '.join(sorted(_WORDS))}" if expected == "str" else expected
        raise GraphError(f"{where}: expected {wanted}, got {_short(value)}")
    return argument


def _read_keyword(expected: str, value: JsonValue, where: str) -> Any:
    argument = _read(expected, value, where)
    if isinstance(argument, Size | Formula):
        return argument
    items = argument if isinstance(argument, list) else [argument]
    if any(isinstance(item, Reference | Size | Formula | ShapeSlice) for item in items):
        raise GraphError(f"{where}: expected no reference and no list of sizes as a keyword")
    return argument


def _shape(value: JsonValue) -> ShapeSlice | None:
    match value:
        case {"shape": [input_, start, stop]} if len(value) == 1:
            numbers = (input_, start, stop or 0)
            is_slice = all(is_int64(n) and abs(n) < _LARGEST_SIZE for n in numbers)
            return ShapeSlice(input_, start, stop) if is_slice else None
        case _:
            return None


def _size(value: JsonValue) -> Size | Formula | None:
    match value:
        case {"formula": expression} if len(value) == 1:
            return formula(expression)
        case {"size": [input_, dim, plus]} if len(value) == 1:
            is_size = all(is_int64(n) and abs(n) < _LARGEST_SIZE for n in (input_, dim or 0, plus))
            return Size(input_, dim, plus) if is_size else None
        case _:
            return None


def _bool(value: JsonValue) -> bool | None:
    return value if isinstance(value, bool) else None


def _int(value: JsonValue) -> int | Size | Formula | None:
    return value if is_int64(value) else _size(value)


def _float(value: JsonValue) -> float | Formula | None:
    if is_int64(value):
        return float(value)
    size = _size(value)
    return size if isinstance(size, Formula) else read_float(value)


def _number(value: JsonValue) -> float | Size | Formula | None:
    for read in (_bool, _int, read_float):
        number = read(value)
        if number is not None:
            return number
    return None


def _word(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value in _WORDS else None


def _dtype(value: JsonValue) -> torch.dtype | None:
    if isinstance(value, dict) and list(value) == ["dtype"] and isinstance(value["dtype"], str):
        return DTYPES.get(value["dtype"])
    return None


def _tensor(value: JsonValue) -> Reference | Size | Formula | float | None:
    """A reference, or a number, which torch accepts as a tensor without dimensions."""
    if isinstance(value, dict) and list(value) == ["ref"] and is_int64(value["ref"]):
        return Reference(value["ref"])
    return _number(value)


_READERS: Mapping[str, Callable[[JsonValue], Any]] = {
    "Tensor": _tensor,
    "number": _number,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "str": _word,
    "ScalarType": _dtype,
}


def _short(value: JsonValue) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
