"""Write one call of a graph's operator as Python, as people would where that means the same."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from evo.validation.graph.sizes import Formula, ShapeSlice, Size


class CodeExpression(NamedTuple):
    """An expression.

    Attributes:
        text: the expression.
        level: how tightly its outermost operator binds; see `ATOM`.
    """

    text: str
    level: int

    def within(self, level: int) -> str:
        """The text as an operand of an operator that binds so tightly."""
        return self.text if self.level >= level else f"({self.text})"


ATOM, POWER, SIGN, PRODUCT, SUM, COMPARISON = 10, 8, 7, 6, 5, 3

_INFIX: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("add",), ("+", SUM)),
    **dict.fromkeys(("sub", "subtract"), ("-", SUM)),
    **dict.fromkeys(("mul", "multiply"), ("*", PRODUCT)),
    **dict.fromkeys(("div", "divide", "true_divide"), ("/", PRODUCT)),
    **dict.fromkeys(("matmul", "mm"), ("@", PRODUCT)),
    "pow": ("**", POWER),
    "eq": ("==", COMPARISON),
    **dict.fromkeys(("ne", "not_equal"), ("!=", COMPARISON)),
    **dict.fromkeys(("lt", "less"), ("<", COMPARISON)),
    **dict.fromkeys(("le", "less_equal"), ("<=", COMPARISON)),
    **dict.fromkeys(("gt", "greater"), (">", COMPARISON)),
    **dict.fromkeys(("ge", "greater_equal"), (">=", COMPARISON)),
}
_TENSOR_FIRST = frozenset({"/", "@"})
"""Python computes `1 / x` as a product with the reciprocal, which rounds otherwise."""
_METHODS = frozenset(
    {"expand", "expand_as", "repeat", "reshape", "view", "view_as", "type_as", "to"}
    | {"new_full", "new_ones", "new_zeros"}
)
_FUNCTIONAL: Mapping[str, int] = {
    **dict.fromkeys(["gelu", "silu", "mish", "relu6", "hardsigmoid", "hardswish", "softsign"], 1),
    **dict.fromkeys(["elu", "leaky_relu", "softshrink", "hardshrink"], 2),
    **dict.fromkeys(["hardtanh", "softplus", "threshold", "linear"], 3),
    **dict.fromkeys(["layer_norm", "group_norm"], 5),
    "pad": 4,
    "glu": 2,
}
"""Functions of `torch.nn.functional` by name, with the arguments that mean the same there."""
_PACKAGES = ("special", "linalg", "fft")
_SYMBOLS: Mapping[str, tuple[str, int]] = {
    "+": ("+", SUM),
    "-": ("-", SUM),
    "*": ("*", PRODUCT),
    "/": ("/", PRODUCT),
    "//": ("//", PRODUCT),
    "%": ("%", PRODUCT),
    "**": ("**", POWER),
    "lt": ("<", COMPARISON),
    "le": ("<=", COMPARISON),
    "gt": (">", COMPARISON),
    "ge": (">=", COMPARISON),
    "eq": ("==", COMPARISON),
    "ne": ("!=", COMPARISON),
}
_BUILTIN = frozenset({"abs", "max", "min", "int", "float", "round"})
_END = 2**62
"""Ends of slices beyond this mean all of it."""


class OperatorCall(NamedTuple):
    """A call of an operator, with arguments as code.

    Attributes:
        name: full name of the operator, such as "aten.mul.Tensor".
        arguments: positional arguments.
        plain: the same as values where they are plain ones; None for tensors and lists of them.
        numbers: positions of constants of one number, which `arguments` has as tensors.
        keywords: keyword arguments.
        device: code of a tensor whose device the result is made on; empty where it needs none.
    """

    name: str
    arguments: Sequence[CodeExpression]
    plain: Sequence[Any]
    numbers: Mapping[int, CodeExpression]
    keywords: Mapping[str, CodeExpression]
    device: str


def exact(call: OperatorCall) -> CodeExpression:
    """The call of the operator itself, under its own name."""
    return _called(f"torch.ops.{call.name}", call)


def readable_call(call: OperatorCall) -> CodeExpression:
    """The call as people write it."""
    base = call.name.split(".")[1]
    for write in (_infix, _shaped, _attribute, _function):
        if (code := write(base, call)) is not None:
            return code
    return exact(call)


def literal_code(value: Any) -> CodeExpression:
    """A plain argument."""
    if isinstance(value, torch.dtype):
        return CodeExpression(str(value), ATOM)
    if isinstance(value, float) and not math.isfinite(value):
        name = "math.nan" if math.isnan(value) else "math.inf"
        return CodeExpression(f"-{name}", SIGN) if value < 0 else CodeExpression(name, ATOM)
    is_negative = isinstance(value, int | float) and not isinstance(value, bool) and value < 0
    return CodeExpression(repr(value), SIGN if is_negative else ATOM)


def size_code(value: Size | Formula | ShapeSlice, names: Sequence[str]) -> CodeExpression:
    """Code of what follows the sizes of inputs, whose names are given."""
    match value:
        case Size(input_, dim, plus):
            code = _size(names, input_, dim)
            sign = "+" if plus > 0 else "-"
            return CodeExpression(f"{code.text} {sign} {abs(plus)}", SUM) if plus else code
        case Formula(expression):
            return _formula(expression, names)
        case ShapeSlice(input_, start, stop):
            bounds = f"{start or ''}:{'' if stop is None else stop}"
            return CodeExpression(f"*{names[input_]}.shape[{bounds}]", ATOM)


def listed(items: Sequence[CodeExpression]) -> CodeExpression:
    """A list."""
    return CodeExpression(f"[{', '.join(item.text for item in items)}]", ATOM)


def _size(names: Sequence[str], input_: int, dim: int | None) -> CodeExpression:
    name = names[input_]
    return CodeExpression(f"{name}.numel()" if dim is None else f"{name}.shape[{dim}]", ATOM)


def _formula(expression: Any, names: Sequence[str]) -> CodeExpression:
    match expression:
        case ("size", input_, dim):
            return _size(names, input_, dim)
        case (name, *arguments):
            parts = [_formula(argument, names) for argument in arguments]
            if name in _SYMBOLS:
                symbol, level = _SYMBOLS[name]
                return _between(parts[0], symbol, parts[1], level)
            if name == "neg":
                return CodeExpression(f"-{parts[0].within(SIGN)}", SIGN)
            inner = ", ".join(part.text for part in parts)
            if name == "pow":
                return CodeExpression(f"math.pow({inner})", ATOM)
            return CodeExpression(
                f"{name}({inner})" if name in _BUILTIN else f"math.{name}({inner})", ATOM
            )
        case _:
            return literal_code(expression)


def _between(
    left: CodeExpression, symbol: str, right: CodeExpression, level: int
) -> CodeExpression:
    # Powers bind to the right, and a comparison must not join a chain.
    first = level + 1 if symbol == "**" or level == COMPARISON else level
    return CodeExpression(f"{left.within(first)} {symbol} {right.within(level + 1)}", level)


def _infix(base: str, call: OperatorCall) -> CodeExpression | None:
    if base not in _INFIX or len(call.arguments) != 2 or call.keywords:
        return None
    symbol, level = _INFIX[base]
    left, right = (call.numbers.get(place, call.arguments[place]) for place in (0, 1))
    if 0 in call.numbers and (1 in call.numbers or symbol in _TENSOR_FIRST or symbol == "**"):
        left = call.arguments[0]
    if symbol == "@":
        right = call.arguments[1]
    return _between(left, symbol, right, level)


def _shaped(base: str, call: OperatorCall) -> CodeExpression | None:
    """Slices, and the functions that turn a tensor around."""
    if base == "slice" and not call.keywords:
        dim, start, stop, step = (*call.plain[1:], *(0, None, None, 1)[len(call.plain) - 1 :])
        if not isinstance(dim, int) or any(isinstance(part, Size) for part in call.plain):
            return None
        bounds = [
            "" if default else str(part)
            for part, default in ((start, not start), (stop, stop is None or stop > _END))
        ]
        steps = f":{step}" if step != 1 else ""
        before = [":"] * dim if dim >= 0 else ["..."]
        behind = [] if dim >= 0 else [":"] * (-dim - 1)
        index = ", ".join([*before, ":".join(bounds) + steps, *behind])
        return CodeExpression(f"{call.arguments[0].within(ATOM)}[{index}]", ATOM)
    return None


def _attribute(base: str, call: OperatorCall) -> CodeExpression | None:
    first = call.arguments[0].within(ATOM) if call.arguments else ""
    if base == "rsub" and len(call.arguments) == 2 and not call.keywords:
        return _between(call.arguments[1], "-", call.arguments[0], SUM)
    if base in ("mT", "numpy_T"):
        return CodeExpression(f"{first}.{base.removeprefix('numpy_')}", ATOM)
    if base in ("neg", "negative"):
        return CodeExpression(f"-{call.arguments[0].within(SIGN)}", SIGN)
    if base == "alias":
        return call.arguments[0]
    if base in _METHODS:
        rest = call._replace(arguments=call.arguments[1:])
        return _called(f"{first}.{base}", rest)
    return None


def _function(base: str, call: OperatorCall) -> CodeExpression | None:
    if base in _FUNCTIONAL and len(call.arguments) <= _FUNCTIONAL[base] and hasattr(F, base):
        return _called(f"F.{base}", call)
    if base == "log_sigmoid":
        return _called("F.logsigmoid", call)
    package, _, name = base.partition("_")
    if package in _PACKAGES and hasattr(getattr(torch, package), name):
        return _called(f"torch.{package}.{name}", call)
    function: Callable[..., Any] | None = getattr(torch, base, None)
    return _called(f"torch.{base}", call) if function is not None else None


def _called(function: str, call: OperatorCall) -> CodeExpression:
    words = [argument.text for argument in call.arguments]
    words += [f"{name}={value.text}" for name, value in call.keywords.items()]
    if call.device:
        words.append(f"device={call.device}.device")
    return CodeExpression(f"{function}({', '.join(words)})", ATOM)
