"""Sizes at which a component goes a way that no trace shows. Runs in the sandbox's child.

A trace holds what Python did at its sizes: the side of an `if` that it took, and plain numbers.
At other sizes the component may take the other side, and `min(n, 4)`, a constant where all traces
have more than 4, may be another number. The formulas of both are known. So they are evaluated
at all sizes that training may bring (see `grid`), and the component is traced where

- it takes a side that no trace took, once for every size that may change there;
- two formulas that are equal in all traces differ, or one is no longer the number that it was.

So the traces show every way, and tell which formula each number is.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from evo.validation.graph.expressions import has_local, is_stepped, numbers_in
from evo.validation.graph.grid import Grid, Point
from evo.validation.graph.merging import in_inputs
from evo.validation.graph.recording import TraceError
from evo.validation.graph.sizes import MAX_DECISIONS, Shapes
from evo.validation.graph.tracked import TEXT, Choice, Expression, Ledger

_MOST_FORMULAS = 120
_FEW_TRACES = 3
"""Among so few, formulas without steps may agree by accident, too."""
_MAX_ADDED = 2
"""Largest number that `merging` adds to a size."""


class SizedTrace(NamedTuple):
    """The decisions and formulas by sizes of one trace.

    Attributes:
        choices: the comparisons of sizes that it made.
        ledger: the formulas of sizes that it computed.
        shapes: its arguments' shapes.
        fails: whether it ended in an error of the component, which no graph can be right about.
    """

    choices: Sequence[Choice]
    ledger: Ledger
    shapes: Shapes
    fails: bool = False


def untraced(traces: Sequence[SizedTrace], alone: set[Shapes]) -> list[Shapes]:
    """Shapes to trace at, before a graph of all traces is right at all sizes; none where it is.

    Args:
        traces: so far.
        alone: gets the shapes of traces that go a way that no other sizes go.

    Raises:
        TraceError: the component decides where no trace can go.
    """
    by_form: dict[tuple[int, ...], list[SizedTrace]] = {}
    for trace in traces:
        by_form.setdefault(tuple(map(len, trace.shapes)), []).append(trace)
    wanted: dict[Shapes, None] = {}
    for alike in by_form.values():
        if any(trace.choices or trace.ledger for trace in alike):
            # A kind that is traced at several numbers of dimensions takes any shape.
            wanted |= dict.fromkeys(
                _Coverage(alike, 1 if len(by_form) > 1 else None, alone).wanted()
            )
    return [one for one in wanted if all(one != trace.shapes for trace in traces)]


class _Coverage:
    def __init__(self, traces: Sequence[SizedTrace], least: int | None, alone: set[Shapes]) -> None:
        self._traces = traces
        named = {
            number
            for trace in traces
            for expression in (
                *(expression for expression, _ in trace.choices[:MAX_DECISIONS]),
                *(expression for expression, _ in list(trace.ledger.values())[:_MOST_FORMULAS]),
            )
            for number in numbers_in(expression)
        }
        self._grid = Grid([trace.shapes for trace in traces], sorted(named), least)
        self._wanted: dict[Point, None] = {}
        self._has_unknown = False
        self._alone = alone

    def wanted(self) -> list[Shapes]:
        self._follow(self._traces, 0, None)
        points = [*self._wanted, *(self._grid.probes() if self._has_unknown else ())]
        return [self._grid.shapes(point) for point in points]

    def _follow(
        self, traces: Sequence[SizedTrace], depth: int, places: Sequence[int] | None
    ) -> None:
        """Look at the points at which decisions up to a depth go as in these traces.

        Args:
            traces: that agree up to there.
            depth: number of the decisions.
            places: of the points in the grid; None for all, which are made where they are needed.
        """
        if all(len(trace.choices) == depth for trace in traces):
            if not any(trace.fails for trace in traces):
                self._vary(traces, places)
                self._tell_apart(traces, places)
            return
        decided = [trace.choices[depth : depth + 1] for trace in traces]
        if depth >= MAX_DECISIONS or len({str(one[0][0]) for one in decided if one}) > 1:
            self._has_unknown = True
            return
        if not all(decided):
            self._has_unknown = True  # a loop that follows a size
            return
        if decided[0][0][0][0] == TEXT:
            if not all(trace.fails for trace in traces):
                raise TraceError(
                    "it makes a text of a size, by which it may decide as no trace can tell; "
                    "decide by comparisons of numbers"
                )
            return
        expression = self._of_inputs(traces)(decided[0][0][0])
        if expression is None:
            self._has_unknown = True
            self._follow_alike(traces, depth, places)
            return
        values = self._grid.values(expression)
        for side in (True, False):
            at = [
                place
                for place in self._places(places)
                if (value := values[place]) is not None and bool(value) is side
            ]
            taken = [trace for trace, one in zip(traces, decided, strict=True) if one[0][1] is side]
            if taken:
                self._follow(taken, depth + 1, at)
            else:
                self._want(at, "it decides by a size (`if`, `range`)")

    def _follow_alike(
        self, traces: Sequence[SizedTrace], depth: int, places: Sequence[int] | None
    ) -> None:
        """Go on after a decision without a formula, where all traces took the same side."""
        if len({trace.choices[depth][1] for trace in traces}) == 1:
            self._follow(traces, depth + 1, places)

    def _vary(self, traces: Sequence[SizedTrace], places: Sequence[int] | None) -> None:
        """Want every size that may change on a way to be seen at two values."""
        held = [self._grid.point(trace.shapes) for trace in traces]
        stuck = [
            place for place, size in enumerate(held[0]) if all(one[place] == size for one in held)
        ]
        points = [self._grid.points[at] for at in self._places(places)] if stuck else []
        stuck = [place for place in stuck if any(p[place] != held[0][place] for p in points)]
        if not stuck:
            if len(traces) == 1:
                self._alone.add(traces[0].shapes)
            return
        for needed in (len(stuck), 1):
            for point in points:
                changed = sum(point[place] != held[0][place] for place in stuck)
                if changed >= needed and self._grid.is_traceable(point):
                    self._wanted[point] = None
                    return

    def _tell_apart(self, traces: Sequence[SizedTrace], places: Sequence[int] | None) -> None:
        """Want sizes at which formulas that are equal in all traces are not."""
        equal: dict[tuple[float, ...], list[tuple[Expression | float, bool]]] = {}
        for expression, values in self._formulas(traces):
            equal.setdefault(values, []).append((expression, is_stepped(expression)))
        for values, members in equal.items():
            if len(traces) > _FEW_TRACES and not any(stepped for _, stepped in members):
                continue
            rivals = [expression for expression, _ in members]
            if len(set(values)) == 1:
                rivals.append(values[0])
            rivals += self._sizes_with(values, traces)
            if len(rivals) > 1:
                self._want_different(rivals, places)

    def _formulas(
        self, traces: Sequence[SizedTrace]
    ) -> Iterator[tuple[Expression, tuple[float, ...]]]:
        """Formulas of sizes that all traces computed, with their values."""
        first, *others = (trace.ledger for trace in traces)
        of_inputs = self._of_inputs(traces)
        for text in list(first)[:_MOST_FORMULAS]:
            if not all(text in ledger for ledger in others):
                continue
            values = tuple(trace.ledger[text][1] for trace in traces)
            expression = of_inputs(first[text][0])
            if expression is not None:
                yield expression, values
            if has_local(first[text][0]) and len(set(values)) == 1:
                self._has_unknown = True  # such as `x[:, :4].shape[1]`

    def _sizes_with(
        self, values: Sequence[float], traces: Sequence[SizedTrace]
    ) -> Iterator[Expression]:
        """Sizes of inputs that have these values, up to a small number."""
        for argument, shape in enumerate(traces[0].shapes):
            for dim in (*range(len(shape)), None):
                sizes = [
                    math.prod(trace.shapes[argument])
                    if dim is None
                    else trace.shapes[argument][dim]
                    for trace in traces
                ]
                added = {value - size for value, size in zip(values, sizes, strict=True)}
                if len(added) == 1 and abs(plus := added.pop()) <= _MAX_ADDED:
                    yield ["+", ["size", argument, dim], plus] if plus else ["size", argument, dim]

    def _want_different(self, rivals: Sequence[Expression], places: Sequence[int] | None) -> None:
        first, *others = (self._grid.values(expression) for expression in rivals)
        if all(other == first for other in others):
            return
        at = (
            place
            for place in self._places(places)
            if any(_differ(first[place], other[place]) for other in others)
        )
        self._want(at, "it computes with a size (`min`, `max`, `//`)")

    def _places(self, places: Sequence[int] | None) -> Sequence[int]:
        return range(len(self._grid.points)) if places is None else places

    def _want(self, places: Iterable[int], what: str) -> None:
        """Want the first of these points that can be traced, where there are any."""
        shapes: Shapes | None = None
        for place in places:
            point = self._grid.points[place]
            if self._grid.is_traceable(point):
                self._wanted[point] = None
                return
            shapes = shapes or self._grid.shapes(point)
        if shapes is None:
            return
        raise TraceError(
            f"{what} as at no size that a trace can have, but only at "
            f"{' and '.join(str(tuple(shape)) for shape in shapes)} and the like; leave it out, or "
            "let it turn at a size that training has"
        )

    @staticmethod
    def _of_inputs(traces: Sequence[SizedTrace]) -> Callable[[Expression], Expression | None]:
        return in_inputs([trace.ledger for trace in traces], [trace.shapes for trace in traces])


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return one != other and not math.isclose(one, other, rel_tol=1e-9)
