"""Segments put together of what is left: generations that are whole, and those that are lost."""

from collections.abc import Mapping, Sequence

from archive.store import segment
from archive.store.columns import digest
from archive.store.segment import GENERATION
from archive.store.tables import Columns, join, pack_table
from evo.core.records import Generation

Saved = Mapping[int, tuple[int, Columns]]
"""Whole generations by number: how many records each has, and its columns."""


def patch(numbers: range, saved: Saved) -> Columns:
    """A segment's columns of consecutive generations; one that was not saved has no records."""
    parts = [saved[n][1] if n in saved else _nothing(n) for n in numbers]
    sizes = [saved[n][0] if n in saved else 0 for n in numbers]
    rows = [(n, digest(part), n not in saved) for n, part in zip(numbers, parts, strict=True)]
    return {
        **{name: join(name, [part[name] for part in parts]) for name in parts[0]},
        **pack_table("generation", GENERATION, rows),
        "generation.offsets": segment.offsets_of(sizes),
    }


def runs(numbers: Sequence[int]) -> list[range]:
    """Ascending numbers as ranges of consecutive ones.

    >>> runs([1, 2, 3, 7])
    [range(1, 4), range(7, 8)]
    """
    found: list[range] = []
    for number in numbers:
        if found and found[-1].stop == number:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found


def told(numbers: Sequence[int]) -> str:
    """Ascending numbers for people.

    >>> told([1, 2, 3, 7])
    '1-3, 7'
    """
    names = (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs(numbers))
    return ", ".join(names)


def _nothing(number: int) -> Columns:
    columns = segment.packed(Generation(number, [], ()))
    return {name: column for name, column in columns.items() if not name.startswith("generation.")}
