"""The number that an expression gives for given numbers, as far as its words are known here.

Nothing is executed: the tree is read, and every function is one of this table, in plain floats.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence

from evo.core.syntax.trees import number
from operators.tree.calls import called_name

NumberFunction = Callable[..., float]


def value_at(expression: ast.expr, values: Mapping[str, float]) -> float | None:
    """The value of an expression with numbers for its names.

    None where it has other names or other calls, or where it is no finite number.

    >>> value_at(ast.parse("2 * torch.tanh(x) - F.relu(x + 1)", mode="eval").body, {"x": 0.0})
    -1.0
    """
    try:
        result = _value(expression, values)
    except (_UnknownError, ArithmeticError, ValueError, TypeError):
        return None
    return result if math.isfinite(result) else None


class _UnknownError(Exception):
    """A part of the expression means something that is not known here."""


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, values)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return float(_COMPARISONS[type(op)](_value(left, values), _value(right, values)))
        case ast.Call(func=ast.Attribute(value=ast.Name()), args=args, keywords=[]):
            return _called(called_name(node), [_value(part, values) for part in args])
        case _ if (literal := number(node)) is not None:
            return float(literal)
        case _:
            raise _UnknownError


def _called(name: str, arguments: Sequence[float]) -> float:
    if name not in _FUNCTIONS:
        raise _UnknownError
    return _FUNCTIONS[name](*arguments)


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}


def _sigmoid(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * x))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _elu(x: float, alpha: float = 1.0) -> float:
    return x if x > 0 else alpha * math.expm1(x)


def _clamp(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


def _gelu(x: float) -> float:
    return 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))


def _hardswish(x: float) -> float:
    return x * _clamp(x + 3.0, 0.0, 6.0) / 6.0


def _hardtanh(x: float, low: float = -1.0, high: float = 1.0) -> float:
    return _clamp(x, low, high)


def _leaky_relu(x: float, slope: float = 0.01) -> float:
    return x if x > 0 else slope * x


def _mish(x: float) -> float:
    return x * math.tanh(_softplus(x))


def _relu(x: float) -> float:
    return max(x, 0.0)


def _selu(x: float) -> float:
    return 1.0507009873554805 * _elu(x, 1.6732632423543772)


def _silu(x: float) -> float:
    return x * _sigmoid(x)


def _softsign(x: float) -> float:
    return x / (1.0 + abs(x))


def _square(x: float) -> float:
    return x * x


def _where(mask: float, above: float, below: float) -> float:
    return above if mask else below


_FUNCTIONS: Mapping[str, NumberFunction] = {
    "abs": math.fabs,
    "asinh": math.asinh,
    "atan": math.atan,
    "clamp": _clamp,
    "cos": math.cos,
    "elu": _elu,
    "erf": math.erf,
    "exp": math.exp,
    "gelu": _gelu,
    "hardswish": _hardswish,
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky_relu,
    "log1p": math.log1p,
    "maximum": max,
    "minimum": min,
    "mish": _mish,
    "relu": _relu,
    "selu": _selu,
    "sigmoid": _sigmoid,
    "silu": _silu,
    "sin": math.sin,
    "softplus": _softplus,
    "softsign": _softsign,
    "sqrt": math.sqrt,
    "square": _square,
    "tanh": math.tanh,
    "where": _where,
}
"""Functions of the vocabulary and of known components by their bare names, as torch has them."""
