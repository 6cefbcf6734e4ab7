"""Numbers of a graph that follow the sizes of its inputs: `x / x.shape[1]` at every size of x.

A trace holds a size, and all that Python computes from it, as a plain number; `merging` finds out
which. A graph then holds in its place

    {"size": [input, dim, plus]}        a size of an input plus a constant; dim None: its elements
    {"formula": ["//", ["size", 0, 1], 4]}      arithmetic on sizes
    {"shape": [input, start, stop]}     several sizes, as items of a list

Formulas are evaluated here by a table of functions on bounded numbers, never as Python.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Shapes = Sequence[Sequence[int]]
"""One shape per argument of a component."""

ShapeOf = Callable[[int], Sequence[int]]
"""Gives the shape of an input by its index."""

_LARGEST = 2.0**53
"""Bound of integers in a formula, and with it of the work that they make."""
_LARGEST_POWER = 64
_MAX_TERMS = 60
_MAX_DEPTH = 20
MAX_CASES = 8
"""Limit for the cases by sizes of a graph."""
MAX_DECISIONS = 40
"""Decisions by sizes of a trace that are followed; a component has few."""


class Size(NamedTuple):
    """The size of an input's dimension plus a whole number.

    Attributes:
        input: index of the input.
        dim: index of the dimension; None for the number of elements.
        plus: number that is added.
    """

    input: int
    dim: int | None
    plus: int

    def of(self, shape_of: ShapeOf) -> int:
        """The value where inputs have these shapes.

        Raises:
            IndexError: the shape has no such dimension.
        """
        return _size(shape_of, self.input, self.dim) + self.plus

    def inputs(self) -> list[int]:
        """Indices of the inputs whose sizes it needs."""
        return [self.input]


class Formula(NamedTuple):
    """Arithmetic on sizes.

    Attributes:
        expression: a number, `("size", input, dim)`, or the name of a function and its arguments.
    """

    expression: Any

    def of(self, shape_of: ShapeOf) -> float:
        """The value where inputs have these shapes.

        Raises:
            ValueError: there is none, or none within bounds.

        >>> Formula(("max", 1, ("//", ("size", 0, 1), 4))).of(lambda _: (5, 64))
        16
        """
        try:
            return _evaluated(self.expression, shape_of)
        except (ArithmeticError, TypeError, IndexError) as error:
            raise ValueError(f"a formula of sizes has no value: {error}") from error

    def inputs(self) -> list[int]:
        """Indices of the inputs whose sizes it needs."""
        return _inputs(self.expression)


class ShapeSlice(NamedTuple):
    """Sizes of an input from dimension `start` up to `stop`, as `x.shape[start:stop]`."""

    input: int
    start: int
    stop: int | None

    def of(self, shape_of: ShapeOf) -> list[int]:
        """The sizes where inputs have these shapes."""
        return list(shape_of(self.input)[self.start : self.stop])

    def inputs(self) -> list[int]:
        """Indices of the inputs whose sizes it needs."""
        return [self.input]


def resolved(argument: Any, shape_of: ShapeOf) -> Any:
    """An argument of an operator with numbers in place of sizes."""
    if isinstance(argument, Size | Formula):
        return argument.of(shape_of)
    if not isinstance(argument, list):
        return argument
    items: list[Any] = []
    for item in argument:
        if isinstance(item, ShapeSlice):
            items += item.of(shape_of)
        else:
            items.append(resolved(item, shape_of))
    return items


def formula(expression: Any) -> Formula | None:
    """The formula that nested lists of names and numbers describe; None if they describe none."""
    read = _read(expression, _MAX_DEPTH)
    return Formula(read) if isinstance(read, tuple) and _terms(read) <= _MAX_TERMS else None


def _read(part: Any, depth: int) -> Any:
    """The expression as tuples; None where it is not one."""
    if type(part) is int or (type(part) is float and math.isfinite(part)):
        return part if abs(part) <= _LARGEST else None
    match part:
        case ["size", int(input_), dim] if type(input_) is int and 0 <= input_ < _MAX_TERMS:
            is_dim = dim is None or (type(dim) is int and abs(dim) < _MAX_TERMS)
            return ("size", input_, dim) if is_dim else None
        case [str(name), *arguments] if name in FUNCTIONS and arguments and depth:
            read = [_read(argument, depth - 1) for argument in arguments]
            return None if None in read else (name, *read)
        case _:
            return None


def _terms(expression: Any) -> int:
    return 1 + sum(map(_terms, expression[1:])) if isinstance(expression, tuple) else 1


def _inputs(expression: Any) -> list[int]:
    match expression:
        case ("size", input_, _):
            return [input_]
        case (_, *arguments):
            return [input_ for argument in arguments for input_ in _inputs(argument)]
        case _:
            return []


def _evaluated(expression: Any, shape_of: ShapeOf) -> float:
    match expression:
        case ("size", input_, dim):
            return _size(shape_of, input_, dim)
        case (name, *arguments):
            return bounded(
                FUNCTIONS[name](*(_evaluated(argument, shape_of) for argument in arguments))
            )
        case _:
            return expression


def _size(shape_of: ShapeOf, input_: int, dim: int | None) -> int:
    shape = shape_of(input_)
    return math.prod(shape) if dim is None else shape[dim]


def bounded(value: Any) -> float:
    """A result within the bounds of formulas.

    Raises:
        ValueError: it is beyond them, or no real number.
    """
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError(f"expected a finite number up to 2**53, got {str(value)[:40]}")
    return value


def _power(base: float, exponent: float) -> Any:
    if abs(exponent) > _LARGEST_POWER or abs(base) > _LARGEST:
        raise ValueError(f"expected a power of at most {_LARGEST_POWER}")
    return base**exponent


def _float_power(base: float, exponent: float) -> float:
    return float(_power(base, exponent))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
    "pow": _float_power,
    "neg": operator.neg,
    "abs": abs,
    "max": max,
    "min": min,
    "int": int,
    "float": float,
    "round": round,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
} | {
    name: getattr(math, name)
    for name in (
        *("acos", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos"),
        *("cosh", "degrees", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fmod"),
        *("gcd", "hypot", "isqrt", "lgamma", "log", "log10", "log1p", "log2", "radians"),
        *("remainder", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
    )
}
"""Functions of formulas by name; none makes much work of bounded numbers."""
