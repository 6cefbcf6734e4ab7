"""Sizes at which a component decides as at no traced one. Runs in the sandbox's child.

An `if` by a size that all traces decide alike would be frozen: at another size the graph would
compute what the component does not. Its formula is known, so it is evaluated at larger sizes; where
it turns, the component is traced there too, or refused where no trace can go.
"""

from collections.abc import Sequence
from typing import Any

from evo.validation.graph.merging import of_inputs
from evo.validation.graph.recording import TraceError
from evo.validation.graph.sizes import Formula, Shapes, formula
from evo.validation.graph.tracked import Choice, Ledger

_TRACED = (257, 509, 1031, 2053, 4099, 8209)
_FAR = (16_411, 65_537, 1_000_003, 16_777_259)
"""Sizes beyond those that a trace may have."""
_MOST = 40
"""Decisions that are looked at; a component has few."""


def sizes_beyond(
    choices: Sequence[Sequence[Choice]], ledgers: Sequence[Ledger], shapes: Sequence[Shapes]
) -> list[Shapes]:
    """Further shapes to trace at: two for each decision that turns at larger sizes.

    Args:
        choices: comparisons of sizes of each trace.
        ledgers: of each trace.
        shapes: of each trace.

    Raises:
        TraceError: one turns where no trace can go.
    """
    further: dict[Shapes, None] = {}
    for expression, outcome, places in _decided_alike(choices)[:_MOST]:
        of_sizes = of_inputs(
            expression, [ledgers[place] for place in places], [shapes[place] for place in places]
        )
        found = None if of_sizes is None else formula(of_sizes)
        if found is None:
            continue
        base = shapes[places[-1]]
        named = [one + step for one in _numbers(expression) for step in (0, 1)]
        tried = sorted({*_TRACED, *(one for one in named if 1 < one <= _TRACED[-1])})
        turned = [
            one
            for size in tried
            for one in _stretched(base, size)
            if _is(found, one) is (not outcome)
        ]
        if turned:
            further |= dict.fromkeys((turned[0], turned[-1]))
        elif any(
            _is(found, one) is (not outcome) for size in _FAR for one in _stretched(base, size)
        ):
            raise TraceError(
                f"it decides by a size (`if`) at more than {_TRACED[-1]:,}, which no trace has; "
                "choose by `min`, `max` or torch.where"
            )
    return list(further)


def _decided_alike(choices: Sequence[Sequence[Choice]]) -> list[tuple[Any, bool, list[int]]]:
    """Comparisons with one outcome at all sizes, and the places of the traces that made them."""
    outcomes: dict[str, set[bool]] = {}
    places: dict[str, list[int]] = {}
    expressions: dict[str, Any] = {}
    for place, of_trace in enumerate(choices):
        for expression, outcome in of_trace:
            text = str(expression)
            expressions[text] = expression
            outcomes.setdefault(text, set()).add(outcome)
            if place not in places.setdefault(text, []):
                places[text].append(place)
    return [
        (expressions[text], next(iter(seen)), places[text])
        for text, seen in outcomes.items()
        if len(seen) == 1
    ]


def _numbers(expression: Any) -> list[int]:
    """Whole numbers in a formula, besides dimensions and inputs."""
    match expression:
        case ["size", *_]:
            return []
        case [_, *arguments]:
            return [number for one in arguments for number in _numbers(one)]
        case bool():
            return []
        case int() | float() if float(expression).is_integer():
            return [int(expression)]
        case _:
            return []


def _stretched(shapes: Shapes, size: int) -> list[Shapes]:
    """The shapes with one of their sizes, wherever it occurs, set to another."""
    sizes = sorted({one for shape in shapes for one in shape if one > 1})
    return [
        tuple(tuple(size if one == old else one for one in shape) for shape in shapes)
        for old in sizes
    ]


def _is(found: Formula, shapes: Shapes) -> bool | None:
    try:
        return bool(found.of(lambda place: shapes[place]))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
