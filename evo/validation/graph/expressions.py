"""Parts of formulas of sizes, and numbers that they are equal to. Runs in the child."""

import math
import struct
from collections.abc import Sequence

from evo.validation.graph.tracked import Expression

_STEPPED = frozenset(
    {
        *("//", "%", "max", "min", "int", "round", "abs", "fabs", "floor", "ceil", "trunc"),
        *("isqrt", "gcd", "fmod", "remainder", "copysign", "lt", "le", "gt", "ge", "eq", "ne"),
    }
)
"""Functions that may be constant, or equal to another formula, over a range of sizes."""


_PARTS = (2, 3, 4, 8)
"""A half, a third … or as often a size is recognised where torch computed it, as `chunk` does."""


def has_local(expression: Expression) -> bool:
    """True if a formula has a size of a value that is no input."""
    match expression:
        case ["size", name, _]:
            return isinstance(name, str)
        case [_, *arguments]:
            return any(map(has_local, arguments))
        case _:
            return False


def is_stepped(expression: Expression) -> bool:
    """True if it may be constant, or equal to another formula, over a range of sizes."""
    match expression:
        case ["size", *_]:
            return False
        case [name, *arguments]:
            return name in _STEPPED or any(map(is_stepped, arguments))
        case _:
            return False


def numbers_in(expression: Expression) -> list[int]:
    """The whole numbers in a formula, besides dimensions and inputs."""
    match expression:
        case ["size", *_]:
            return []
        case [_, *arguments]:
            return [number for one in arguments for number in numbers_in(one)]
        case bool():
            return []
        case int() | float():
            return [round(expression)]
        case _:
            return []


def part_of(size: Expression, sizes: Sequence[int], numbers: Sequence[int]) -> Expression | None:
    """The part of a size that numbers are, where torch computed them; None where they are none.

    Args:
        size: its formula.
        sizes: its values in some traces.
        numbers: those of the part.
    """
    for parts in _PARTS:
        forms: tuple[tuple[Expression, list[int]], ...] = (
            (["//", size, parts], [n // parts for n in sizes]),
            (["//", ["+", size, parts - 1], parts], [-(-n // parts) for n in sizes]),
            (["+", ["//", size, parts], 1], [n // parts + 1 for n in sizes]),
            (["*", size, parts], [n * parts for n in sizes]),
        )
        for form, values in forms:
            if values == list(numbers):
                return form
    most = max(numbers)
    is_bounded = list(numbers) == [min(n, most) for n in sizes] != list(sizes)
    return ["min", size, most] if is_bounded else None


def is_same(values: Sequence[float], numbers: Sequence[float]) -> bool:
    """True if numbers are those of a formula, or those that float32 holds in their place."""
    return all(
        value == number or _rounded(value) == number
        for value, number in zip(values, numbers, strict=True)
    )


def _rounded(value: float) -> float:
    """The number as float32 holds it, such as a constant's element."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
