"""The sizes that training may bring, to evaluate formulas of sizes at. Runs in the sandbox's child.

All small sizes are among them, those around the numbers that a component names, and large ones: far
more than any trace could have, since a formula is evaluated in a microsecond.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

from evo.validation.graph.sizes import FUNCTIONS, Shapes

Point = tuple[int, ...]
"""A value for each size that varies."""

MOST_ELEMENTS = 300_000
"""Elements of the largest argument that a trace may have."""
_ALL_UP_TO = 160
_LARGER = (200, 257, 300, 400, 509, 784, 1031, 2053, 4099, 8209)
_FAR = (16_411, 65_537, 1_000_003, 16_777_259)
_COARSE = (*range(1, 7), 9, 16, 33, 64, 131, 257, 513, 1031)
_COARSER = (1, 2, 5, 64)
_MANY_SIZES = 2
_MOST_NAMED = 24


class Grid:
    """Points at which arguments of one number of dimensions each are looked at.

    Args:
        traced: shapes of traces; sizes that are equal in all of them are one.
        named: whole numbers in the formulas of the component.
        least: the least size of all; None for the least that a trace has, of each.
    """

    def __init__(self, traced: Sequence[Shapes], named: Sequence[int], least: int | None) -> None:
        self._form = traced[0]
        varying: dict[tuple[int, ...], int] = {}
        self._place = {
            (argument, dim): varying.setdefault(
                tuple(shapes[argument][dim] for shapes in traced), len(varying)
            )
            for argument, shape in enumerate(traced[0])
            for dim in range(len(shape))
        }
        self._base = [sizes[0] for sizes in varying]
        self._least = [min(sizes) if least is None else least for sizes in varying]
        self._named = named
        self._values: dict[str, list[float | None]] = {}

    @cached_property
    def points(self) -> list[Point]:
        """All points, those with few ones and few elements first."""
        return _points(tuple(self._base), tuple(self._least), tuple(self._named))

    def probes(self) -> list[Point]:
        """Points at the least sizes, one after another, for what has no formula."""
        return [
            self._with(place, least + step)
            for place, least in enumerate(self._least)
            for step in range(3)
        ]

    def shapes(self, point: Point) -> Shapes:
        """The arguments' shapes at a point."""
        return tuple(
            tuple(point[self._place[argument, dim]] for dim in range(len(shape)))
            for argument, shape in enumerate(self._form)
        )

    def point(self, shapes: Shapes) -> Point:
        """The point of shapes."""
        sizes = [0] * len(self._base)
        for (argument, dim), place in self._place.items():
            sizes[place] = shapes[argument][dim]
        return tuple(sizes)

    def is_traceable(self, point: Point) -> bool:
        """True if tensors of these sizes are small enough to trace with."""
        return max(map(math.prod, self.shapes(point)), default=1) <= MOST_ELEMENTS

    def values(self, expression: Any) -> list[float | None]:
        """The values of a formula at all points; None where it has none. Each is computed once."""
        text = str(expression)
        if text not in self._values:
            self._values[text] = self._evaluated(expression)
        return self._values[text]

    def _evaluated(self, expression: Any) -> list[float | None]:
        match expression:
            case ["size", int(argument), None]:
                shape = self._form[argument]
                places = [self._place[argument, dim] for dim in range(len(shape))]
                return [math.prod(point[place] for place in places) for point in self.points]
            case ["size", int(argument), int(dim)]:
                of_argument = len(self._form[argument])
                place = self._place.get((argument, dim + of_argument if dim < 0 else dim), -1)
                return [None if place < 0 else point[place] for point in self.points]
            case [name, *arguments]:
                function = FUNCTIONS[name]
                parts = zip(*map(self.values, arguments), strict=True)  # each of them once, too
                return [_value(function, numbers) for numbers in parts]
            case _:
                return [expression] * len(self.points)

    def _with(self, place: int, size: int) -> Point:
        return (*self._base[:place], size, *self._base[place + 1 :])


@lru_cache(maxsize=4)  # the traces that are added to others seldom change them
def _points(base: Point, least: Point, named: Sequence[int]) -> list[Point]:
    near = [one for one in _near(named) if one <= _FAR[-1]]
    points: set[Point] = set()
    for place, lowest in enumerate(least):
        line = {*range(lowest, _ALL_UP_TO), *_LARGER, *_FAR, *near}
        for others in {base, least}:
            before, after = others[:place], others[place + 1 :]
            points |= {(*before, size, *after) for size in line if size >= lowest}
    is_many = len(base) > _MANY_SIZES
    coarse = {*(_COARSER if is_many else _COARSE), *near[: 6 if is_many else _MOST_NAMED]}
    for one, other in combinations(range(len(base)), 2):
        before, between, after = base[:one], base[one + 1 : other], base[other + 1 :]
        besides = [size for size in coarse if size >= least[other]]
        points |= {
            (*before, size, *between, beside, *after)
            for size in coarse
            if size >= least[one]
            for beside in besides
        }
    return sorted(points, key=lambda one: (one.count(1), math.prod(one), one))


def _value(function: Callable[..., float], numbers: Sequence[float | None]) -> float | None:
    """The value of a function; None where it has none."""
    try:
        return None if None in numbers else function(*numbers)
    except (ArithmeticError, ValueError, TypeError):
        return None


def _near(named: Sequence[int]) -> list[int]:
    """Sizes around numbers, their products and squares, where a decision may turn."""
    numbers = sorted({abs(one) for one in named if abs(one) > 1})[:8]
    products = [one * other for one in numbers for other in numbers]
    near = [one + step for one in (*numbers, *products) for step in (0, 1, -1)]
    return list(dict.fromkeys(one for one in near if one > 0))[: _MOST_NAMED * 3]
