"""The sizes that training may bring, to evaluate formulas of sizes at. Runs in the sandbox's child.

All small sizes are among them, those around the numbers that a component names, and large ones: far
more than any trace could have, since a formula is evaluated in a microsecond.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

from evo.validation.graph.sizes import FUNCTIONS, Shapes

Point = tuple[int, ...]
"""A value for each size that varies."""
Evaluated = Callable[[Point], float | None]
"""Gives the value of a formula at a point, None where it has none."""

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
        return sorted(
            self._all(_near(self._named)), key=lambda one: (one.count(1), math.prod(one), one)
        )

    def probes(self) -> list[Point]:
        """Points at the least sizes, one after another, for what has no formula."""
        return [
            self._with({place: least + step})
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
        found = [0] * len(self._base)
        for (argument, dim), place in self._place.items():
            found[place] = shapes[argument][dim]
        return tuple(found)

    def is_traceable(self, point: Point) -> bool:
        """Whether tensors of these sizes are small enough to trace with."""
        return max(map(math.prod, self.shapes(point)), default=1) <= MOST_ELEMENTS

    def values(self, expression: Any) -> list[float | None]:
        """The values of a formula at all points; None where it has none. Each is computed once."""
        text = str(expression)
        if text not in self._values:
            function = self.evaluated(expression)
            self._values[text] = [function(point) for point in self.points]
        return self._values[text]

    def evaluated(self, expression: Any) -> Evaluated:
        """The formula as a function of points."""
        inner = self._compiled(expression)

        def value(point: Point) -> float | None:
            try:
                return inner(point)
            except (ArithmeticError, ValueError, TypeError, KeyError):
                return None

        return value

    def _compiled(self, expression: Any) -> Callable[[Point], Any]:
        match expression:
            case ["size", int(argument), None]:
                shape = self._form[argument]
                places = [self._place[argument, dim] for dim in range(len(shape))]
                return lambda point: math.prod(point[place] for place in places)
            case ["size", int(argument), int(dim)]:
                of_argument = len(self._form[argument])
                place = self._place.get((argument, dim + of_argument if dim < 0 else dim), -1)
                return _nowhere if place < 0 else lambda point: point[place]
            case [name, one]:
                function, of_one = FUNCTIONS[name], self._compiled(one)
                return lambda point: function(of_one(point))
            case [name, *several]:
                function, parts = FUNCTIONS[name], [self._compiled(part) for part in several]
                return lambda point: function(*[part(point) for part in parts])
            case _:
                return lambda _: expression

    def _all(self, near: Sequence[int]) -> set[Point]:
        near = [one for one in near if one <= _FAR[-1]]
        points: set[Point] = set()
        for place, least in enumerate(self._least):
            line = {*range(least, _ALL_UP_TO), *_LARGER, *_FAR, *near}
            for size in line:
                if size >= least:
                    points |= {self._with({place: size}), self._with({place: size}, self._least)}
        is_many = len(self._base) > _MANY_SIZES
        coarse = {*(_COARSER if is_many else _COARSE), *near[: 6 if is_many else _MOST_NAMED]}
        for one, other in combinations(range(len(self._base)), 2):
            points |= {
                self._with({one: size, other: beside})
                for size in coarse
                for beside in coarse
                if size >= self._least[one] and beside >= self._least[other]
            }
        return points

    def _with(self, sizes: dict[int, int], others: Sequence[int] | None = None) -> Point:
        return tuple(sizes.get(place, size) for place, size in enumerate(others or self._base))


def _nowhere(_: Point) -> Any:
    raise KeyError("the shape has no such dimension")


def _near(named: Sequence[int]) -> list[int]:
    """Sizes around numbers, their products and squares, where a decision may turn."""
    numbers = sorted({abs(one) for one in named if abs(one) > 1})[:8]
    products = [one * other for one in numbers for other in numbers]
    near = [one + step for one in (*numbers, *products) for step in (0, 1, -1)]
    return list(dict.fromkeys(one for one in near if one > 0))[: _MOST_NAMED * 3]
