"""One graph of several traces, or several by the sizes at which each holds. Runs in the child."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evo.validation.graph.choices import Way, joined
from evo.validation.graph.merging import DifferenceError, Trace, in_inputs, merged
from evo.validation.graph.recording import Recording
from evo.validation.graph.sizes import MAX_DECISIONS, Shapes
from evo.validation.graph.writer import write_graphs

Ways = Mapping[Way, Recording]
_Condition = list[Any]
"""A formula of sizes and the outcome that it must have."""


def joined_ways(
    recordings: Sequence[Ways], shapes: Sequence[Shapes], progress: Callable[[], None]
) -> str:
    """One graph for all shapes, of all ways that the function goes by tensors.

    Calls `progress` for each shape: to read many traces takes as long as to make them.

    Raises:
        DifferenceError: no one graph computes the function at all of them.
    """
    ways = [way for way in recordings[0] if all(way in others for others in recordings)]
    if any(len(others) != len(ways) for others in recordings):
        raise DifferenceError(0)
    return joined(
        {
            way: merged(_traces([others[way] for others in recordings], shapes, progress), progress)
            for way in ways
        }
    )


def cases_by_sizes(
    traced: Sequence[tuple[Ways, Shapes]],
    depth: int,
    is_alone: Callable[[Shapes], bool],
    progress: Callable[[], None],
) -> list[tuple[list[_Condition], str]] | None:
    """Graphs with the conditions on sizes under which each is the component; None without.

    Args:
        traced: recordings at several shapes that agree in their first comparisons.
        depth: number of those.
        is_alone: whether no other sizes go the way that these go.
        progress: see `joined_ways`.
    """
    try:
        if len(traced) > 1 or is_alone(traced[0][1]):
            return [([], joined_ways(*zip(*traced, strict=True), progress=progress))]
        return None  # at one shape, what follows the sizes cannot be told from what does not
    except DifferenceError:
        if depth >= MAX_DECISIONS:
            return None
        return _cases_by_next(traced, depth, is_alone, progress)


def _cases_by_next(
    traced: Sequence[tuple[Ways, Shapes]],
    depth: int,
    is_alone: Callable[[Shapes], bool],
    progress: Callable[[], None],
) -> list[tuple[list[_Condition], str]] | None:
    """Cases by the comparison that comes next."""
    firsts = [next(iter(ways.values())) for ways, _ in traced]
    choices = [[*first.choices][depth : depth + 1] for first in firsts]
    if not all(choices) or any(choice[0][0] != choices[0][0][0] for choice in choices):
        return None
    ledgers, shapes = [first.ledger for first in firsts], [sizes for _, sizes in traced]
    formula = in_inputs(ledgers, shapes)(choices[0][0][0])
    sides = {choice[0][1] for choice in choices}
    if len(sides) == 1:
        return cases_by_sizes(traced, depth + 1, is_alone, progress)
    cases: list[tuple[list[_Condition], str]] = []
    for outcome in sorted(sides, reverse=True):
        side = [one for one, choice in zip(traced, choices, strict=True) if choice[0][1] is outcome]
        of_side = cases_by_sizes(side, depth + 1, is_alone, progress)
        if formula is None or of_side is None:
            return None
        cases += [([[formula, outcome], *when], text) for when, text in of_side]
    return cases


def _traces(
    recordings: Sequence[Recording], shapes: Sequence[Shapes], progress: Callable[[], None]
) -> list[Trace]:
    return [
        Trace(written.text, sizes, recording.ledger, written.from_back, written.lines)
        for written, sizes, recording in zip(
            write_graphs(recordings, progress), shapes, recordings, strict=True
        )
    ]
