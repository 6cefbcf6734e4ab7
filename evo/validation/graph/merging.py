"""Merge the traces of one function at several shapes into one graph. Runs in the sandbox's child.

A trace holds sizes as plain numbers. Traces that differ in such numbers alone become one graph with
sizes and formulas of sizes in their place (see `sizes`): the formula is one that the component
itself computed in every trace (see `tracked`), so that its value follows the size of any input.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from evo.validation.graph.expressions import has_local, is_same, part_of
from evo.validation.graph.sizes import FUNCTIONS, Shapes, Size
from evo.validation.graph.tracked import Expression, Ledger

_MAX_ADDED = 2
"""Largest constant added to a size: people write `x.shape[1] - 1`; more is coincidence."""
_GUESSES = ("sqrt", "log", "log2", "log1p")


class Trace(NamedTuple):
    """A trace at one shape set.

    Attributes:
        text: its graph.
        shapes: of the component's arguments.
        ledger: the formulas of sizes that it computed.
        from_back: for each node that names dimensions its arguments with these counted from the
            last one, None for others.
        lines: for each node the source's line, 0 where it is not known.
    """

    text: str
    shapes: Shapes
    ledger: Ledger
    from_back: Sequence[list[Any] | None]
    lines: Sequence[int]


class DifferenceError(Exception):
    """Traces differ in more than sizes.

    Attributes:
        node: index of the first node that differs.
        what: the values that differ, one per trace; empty where operators do.
        traces: all of them.
    """

    def __init__(self, node: int, what: Sequence[Any] = (), traces: Sequence[Trace] = ()) -> None:
        super().__init__(node, what)
        self.node = node
        self.what = what
        self.traces = traces


def merged(traces: Sequence[Trace], progress: Callable[[], None]) -> str:
    """The text of the graph of all traces; calls `progress` for each of them.

    Raises:
        DifferenceError: they differ in more than sizes.

    >>> def trace(n, *shape):
    ...     text = f'{{"nodes":[["aten.div.Tensor",[{{"ref":0}},{n}],{{}}]],"inputs":1}}'
    ...     return Trace(text, [shape], {}, [None], [0])
    >>> merged([trace(7, 5, 7), trace(6, 8, 6)], lambda: None)
    '{"nodes":[["aten.div.Tensor",[{"ref":0},{"size":[0,1,0]}],{}]],"inputs":1}'
    """
    if all(trace.text == traces[0].text for trace in traces):
        return traces[0].text
    try:
        return _merged(traces, progress)
    except DifferenceError as difference:
        raise DifferenceError(difference.node, difference.what, traces) from None


def _merged(traces: Sequence[Trace], progress: Callable[[], None]) -> str:
    documents: list[dict[str, Any]] = []
    for trace in traces:
        progress()
        documents.append(json.loads(trace.text))
    nodes = [document.pop("nodes") for document in documents]
    progress()
    merger = _Merger(traces)
    together: list[Any] = []
    for place, versions in enumerate(zip(*nodes, strict=False)):
        together.append(merger.node(place, versions))
    if any(document != documents[0] for document in documents) or len(set(map(len, nodes))) > 1:
        raise DifferenceError(len(together))
    return json.dumps({"nodes": together, **documents[0]}, separators=(",", ":"))


def in_inputs(
    ledgers: Sequence[Ledger], shapes: Sequence[Shapes]
) -> Callable[[Expression], Expression | None]:
    """A function that gives a formula with sizes of inputs in place of those of other values.

    It gives None for a formula that has no such form.
    """
    merger: _Merger | None = None

    def changed(expression: Expression) -> Expression | None:
        nonlocal merger
        if not has_local(expression):
            return expression
        if merger is None:
            merger = _Merger(
                [
                    Trace("", sizes, ledger, [], [])
                    for ledger, sizes in zip(ledgers, shapes, strict=True)
                ]
            )
        return merger.of_inputs(expression)

    return changed


class _Merger:
    def __init__(self, traces: Sequence[Trace]) -> None:
        self._traces = traces
        self._shapes = [trace.shapes for trace in traces]
        self._place = 0
        first, *others = (trace.ledger for trace in traces)
        common = [text for text in first if all(text in ledger for ledger in others)]
        self._formulas = [
            (first[text][0], [trace.ledger[text][1] for trace in traces])
            for text in sorted(common, key=lambda text: (len(text), text))
        ]
        self._local: dict[str, Expression | None] = {}

    def node(self, place: int, versions: Sequence[Any]) -> Any:
        """The node that stands for one of each trace."""
        self._place = place
        first = versions[0]
        if all(version == first for version in versions):
            return first
        if any(version[0] != first[0] for version in versions):
            raise DifferenceError(place)
        if first[0] == "constant":
            return self._constant(versions)
        if first[0] == "item":
            raise DifferenceError(place)
        name, positional, keywords = zip(*versions, strict=True)
        if any(version.keys() != keywords[0].keys() for version in keywords):
            raise self._difference(keywords)
        named = {key: self._argument([version[key] for version in keywords]) for key in keywords[0]}
        return [name[0], self._arguments(positional), named]

    def _difference(self, versions: Sequence[Any]) -> DifferenceError:
        return DifferenceError(self._place, versions)

    def _arguments(self, versions: Sequence[list[Any]]) -> list[Any]:
        from_back = [trace.from_back[self._place] for trace in self._traces]
        if len(set(map(len, versions))) > 1:
            raise self._difference(versions)
        arguments: list[Any] = []
        for position, parts in enumerate(zip(*versions, strict=True)):
            backwards = [None if one is None else one[position] for one in from_back]
            is_same_from_back = all(one == backwards[0] for one in backwards)
            differs = any(part != parts[0] for part in parts)
            if differs and is_same_from_back and backwards[0] is not None:
                arguments.append(backwards[0])
            else:
                arguments.append(self._argument(parts))
        return arguments

    def _argument(self, versions: Sequence[Any]) -> Any:
        first = versions[0]
        if all(version == first and type(version) is type(first) for version in versions):
            return first
        if all(isinstance(version, list) for version in versions):
            if len(set(map(len, versions))) > 1:
                return self._sizes(versions)
            return [self._argument(parts) for parts in zip(*versions, strict=True)]
        if all(type(version) is int for version in versions):
            size = self._size(versions)
            if size is not None:
                return {"size": list(size)}
            expression = self._whole(versions)
            if expression is not None:
                return {"formula": expression}
        elif all(type(version) in (int, float) for version in versions):
            expression = self._formula(versions, is_float=True)
            if expression is not None:
                return {"formula": expression}
        raise self._difference(versions)

    def _sizes(self, versions: Sequence[list[Any]]) -> list[Any]:
        """Lists of different lengths that begin with the sizes of an input."""
        for index, shapes in enumerate(zip(*self._shapes, strict=True)):
            for dropped in (0, 1, 2):
                kept = [list(shape)[: len(shape) - dropped] for shape in shapes]
                rests = [
                    version[len(head) :] if version[: len(head)] == head else None
                    for version, head in zip(versions, kept, strict=True)
                ]
                lengths = {-1 if rest is None else len(rest) for rest in rests}
                if len(lengths) > 1 or -1 in lengths or not all(kept):
                    continue
                rest = [self._argument(parts) for parts in zip(*rests, strict=True)]
                return [{"shape": [index, 0, -dropped or None]}, *rest]
        raise self._difference(versions)

    def _constant(self, versions: Sequence[Any]) -> Any:
        """A constant of one number that follows the sizes."""
        _, dtypes, shapes, values = zip(*versions, strict=True)
        is_one = all(len(value) == 1 and type(value[0]) in (int, float) for value in values)
        if len(set(dtypes)) > 1 or any(shape != shapes[0] for shape in shapes) or not is_one:
            raise DifferenceError(self._place)
        number = self._argument([value[0] for value in values])
        return ["aten.full.default", [shapes[0], number], {"dtype": {"dtype": dtypes[0]}}]

    def _size(self, numbers: Sequence[int]) -> Size | None:
        """The size that has these values; one without a constant if there is one."""
        candidates: list[Size] = []
        for index, versions in enumerate(zip(*self._shapes, strict=True)):
            rank = min(map(len, versions))
            for dim in (*range(rank), *range(-rank, 0), None):
                sizes = [math.prod(shape) if dim is None else shape[dim] for shape in versions]
                differences = {n - size for n, size in zip(numbers, sizes, strict=True)}
                if len(differences) == 1 and abs(plus := differences.pop()) <= _MAX_ADDED:
                    candidates.append(Size(index, dim, plus))
        return min(candidates, key=lambda size: abs(size.plus)) if candidates else None

    def _whole(self, numbers: Sequence[int]) -> Expression | None:
        """A formula that has these whole values: the component's own, or a part of a size."""
        expression = self._formula(numbers, is_float=False)
        if expression is not None:
            return expression
        for index, versions in enumerate(zip(*self._shapes, strict=True)):
            rank = min(map(len, versions))
            for dim in range(-rank, 0):
                sizes = [shape[dim] for shape in versions]
                part = part_of(["size", index, dim], sizes, numbers)
                if part is not None:
                    return part
            if rank > 1 and [min(shape[-2:]) for shape in versions] == list(numbers):
                return ["min", ["size", index, -2], ["size", index, -1]]  # as svd and qr have it
        return None

    def _formula(self, numbers: Sequence[float], *, is_float: bool) -> Expression | None:
        """The shortest formula of the component that has these values, within its own bounds."""
        chosen: Expression | None = None
        for expression, values in self._formulas:
            if not is_float and any(isinstance(value, float) for value in values):
                continue
            # `max(1, n // 2)` has the values of `n // 2` at all sizes but the smallest.
            bounds = chosen is not None and expression[0] in ("max", "min")
            if (chosen is None or (bounds and chosen in expression)) and is_same(values, numbers):
                chosen = chosen if self.of_inputs(expression) is None else expression
        if chosen is None:
            return self._guess(numbers) if is_float else None
        whole = self.of_inputs(chosen)
        is_whole = any(isinstance(trace.ledger[str(chosen)][1], int) for trace in self._traces)
        return ["float", whole] if is_float and is_whole else whole

    def _guess(self, numbers: Sequence[float]) -> Expression | None:
        """A formula for numbers that no tracked function computed, as numpy's."""
        for expression, values in self._formulas:
            if any(value <= 0 for value in values):
                continue
            guesses: list[tuple[Expression, Callable[[float], float]]] = [
                *(([name, expression], FUNCTIONS[name]) for name in _GUESSES),
                (["/", 1.0, ["sqrt", expression]], lambda value: 1.0 / math.sqrt(value)),
                (["/", 1.0, expression], lambda value: 1.0 / value),
            ]
            for guess, function in guesses:
                if is_same([function(value) for value in values], numbers):
                    return self.of_inputs(guess)
        return None

    def of_inputs(self, expression: Expression) -> Expression | None:
        """The formula with sizes of inputs in place of sizes of other values; None without."""
        match expression:
            case ["size", str(name), dim]:
                return self._local_size(name, dim)
            case ["size", *_]:
                return expression
            case [name, *arguments]:
                parts = [self.of_inputs(argument) for argument in arguments]
                return None if None in parts else [name, *parts]
            case _:
                return expression

    def _local_size(self, name: str, dim: int | None) -> Expression | None:
        """The size of a value that is no input, by the sizes of inputs."""
        text = str(["size", name, dim])
        if text not in self._local:
            self._local[text] = None  # a formula that needs itself is none
            numbers = [int(trace.ledger[text][1]) for trace in self._traces]
            size = self._size(numbers)
            if size is None:
                self._local[text] = self._whole(numbers)
            else:
                of_input = ["size", size.input, size.dim]
                self._local[text] = ["+", of_input, size.plus] if size.plus else of_input
        return self._local[text]
