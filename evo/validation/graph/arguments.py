"""Arguments of operators as JSON, read strictly by the operator's own schema.

A number, a flag or None stands for itself; `{"ref": i}` is value i, `{"dtype": name}` a dtype,
`{"float": "inf"}` a float that JSON has no word for, `{"size": [i, dim, plus]}` a size of input i
(see `sizes`), a list a list of these.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeGuard

import torch
from torch._ops import OpOverload

from evo.validation.graph.sizes import Size

JsonValue = Any
"""What `json.loads` may give; narrowed by checks before it is used."""

DTYPES: Mapping[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.bool,
    )
}
"""Dtypes a graph may name."""

MAX_CONSTANT_ELEMENTS = 4096
"""All constants of a graph together."""

_FLOATS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_WORDS = frozenset({"none", "tanh", "floor", "constant", "linear", "fro", "nuc"})
"""Values of `approximate`, `rounding_mode`, `mode`, `interpolation` and `ord`.

Not "trunc" for `rounding_mode`: the least integer divided so by −1 ends the process (SIGFPE).
"""
_INT64 = 2**63
_LARGEST_SIZE = 1000
"""Of inputs, dimensions and what is added to a size."""


class GraphError(Exception):
    """A text is no graph we would run; the message says what is wrong with it."""


class Reference(NamedTuple):
    """The argument is an earlier value."""

    number: int


class Call(NamedTuple):
    """Checked arguments; references and sizes stand at the top level or in a list there.

    Keywords hold neither.
    """

    positional: tuple[Any, ...]
    keywords: dict[str, Any]


def read_call(operator: OpOverload, positional: JsonValue, keywords: JsonValue) -> Call:
    """Arguments as the operator takes them.

    Raises:
        GraphError: they do not fit its schema.
    """
    if not isinstance(positional, list) or not isinstance(keywords, dict):
        raise GraphError(f"{operator}: expected a list and an object of arguments")
    schema = schema_of(operator).arguments
    in_place = [argument for argument in schema if not argument.kwarg_only]
    by_name = {argument.name: argument for argument in schema if argument.kwarg_only}
    if len(positional) > len(in_place):
        raise GraphError(
            f"{operator}: expected at most {len(in_place)} arguments, got {len(positional)}"
        )
    unknown = keywords.keys() - by_name.keys()
    if unknown:
        raise GraphError(f"{operator}: unknown keyword {min(unknown)!r}")
    missing = [
        argument.name
        for argument in (*in_place[len(positional) :], *by_name.values())
        if not argument.has_default_value() and argument.name not in keywords
    ]
    if missing:
        raise GraphError(f"{operator}: argument {missing[0]!r} is missing")
    return Call(
        tuple(
            _read(str(argument.real_type), value, f"{operator}, {argument.name}")
            for argument, value in zip(in_place, positional, strict=False)
        ),
        {
            name: _read_plain(str(by_name[name].real_type), value, f"{operator}, {name}")
            for name, value in keywords.items()
        },
    )


def read_float(value: JsonValue) -> float | None:
    """The float that a JSON value stands for, None if it is none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict) and list(value) == ["float"] and isinstance(value["float"], str):
        return _FLOATS.get(value["float"])
    return None


def write_float(value: float) -> JsonValue:
    """A float as JSON.

    >>> write_float(0.5), write_float(float("inf"))
    (0.5, {'float': 'inf'})
    """
    return value if math.isfinite(value) else {"float": str(value)}


def schema_of(operator: OpOverload) -> torch.FunctionSchema:
    """What an operator takes and gives."""
    return operator._schema  # pyright: ignore[reportPrivateUsage] - torch tells it nowhere else


def write_tensor(tensor: torch.Tensor) -> list[JsonValue]:
    """Elements of a constant as JSON, in row-major order."""
    values: list[JsonValue] = tensor.flatten().tolist()
    return [write_float(value) for value in values] if tensor.is_floating_point() else values


def first_line(error: BaseException) -> str:
    """What an error says, shortened to a sentence."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]


def is_int64(value: JsonValue) -> TypeGuard[int]:
    """Whether a JSON value is a whole number that torch can hold."""
    return type(value) is int and -_INT64 <= value < _INT64


def _read(expected: str, value: JsonValue, where: str) -> Any:
    if expected.startswith("Optional["):
        return None if value is None else _read(expected[9:-1], value, where)
    if expected.startswith("List["):
        if not isinstance(value, list):
            raise GraphError(f"{where}: expected a list, got {_short(value)}")
        return [_read(expected[5:-1], part, where) for part in value]
    read = _READERS.get(expected)
    found = None if read is None else read(value)
    if found is None:
        wanted = f"one of {', '.join(sorted(_WORDS))}" if expected == "str" else expected
        raise GraphError(f"{where}: expected {wanted}, got {_short(value)}")
    return found


def _read_plain(expected: str, value: JsonValue, where: str) -> Any:
    found = _read(expected, value, where)
    if isinstance(found, Reference | Size) or (
        isinstance(found, list) and any(isinstance(part, Reference | Size) for part in found)
    ):
        raise GraphError(f"{where}: expected no reference and no size as a keyword")
    return found


def _size(value: JsonValue) -> Size | None:
    match value:
        case {"size": [input_, dim, plus]} if len(value) == 1:
            is_size = all(is_int64(n) and abs(n) < _LARGEST_SIZE for n in (input_, dim or 0, plus))
            return Size(input_, dim, plus) if is_size else None
        case _:
            return None


def _bool(value: JsonValue) -> bool | None:
    return value if isinstance(value, bool) else None


def _int(value: JsonValue) -> int | Size | None:
    return value if is_int64(value) else _size(value)


def _number(value: JsonValue) -> float | Size | None:
    for read in (_bool, _int, read_float):
        found = read(value)
        if found is not None:
            return found
    return None


def _word(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value in _WORDS else None


def _dtype(value: JsonValue) -> torch.dtype | None:
    if isinstance(value, dict) and list(value) == ["dtype"] and isinstance(value["dtype"], str):
        return DTYPES.get(value["dtype"])
    return None


def _tensor(value: JsonValue) -> Reference | Size | float | None:
    """A reference, or a number that torch takes for a tensor without dimensions."""
    if isinstance(value, dict) and list(value) == ["ref"] and is_int64(value["ref"]):
        return Reference(value["ref"])
    return _number(value)


_READERS: Mapping[str, Callable[[JsonValue], Any]] = {
    "Tensor": _tensor,
    "number": _number,
    "int": _int,
    "float": lambda value: float(value) if is_int64(value) else read_float(value),
    "bool": _bool,
    "str": _word,
    "ScalarType": _dtype,
}


def _short(value: JsonValue) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
