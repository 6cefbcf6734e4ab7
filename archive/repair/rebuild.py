"""Rebuild segments from recovered generations; lost ones keep their place without records."""

from collections.abc import Mapping, Sequence

from archive.store import segment
from archive.store.record_columns import column_names, digest, joined_column
from archive.store.segment import GENERATION
from archive.store.tables import Columns, pack_table
from evo.core.records import Generation

Recovered = Mapping[int, tuple[int, Columns]]
"""Recovered generations by number: the number of records of each, and its columns."""


def rebuild(numbers: range, recovered: Recovered) -> Columns:
    """Columns of a segment of consecutive generations; those not recovered have no records."""
    parts = [recovered[n][1] if n in recovered else _empty(n) for n in numbers]
    sizes = [recovered[n][0] if n in recovered else 0 for n in numbers]
    rows = [(n, digest(part), n not in recovered) for n, part in zip(numbers, parts, strict=True)]
    return {
        **{name: joined_column(name, parts, sizes) for name in column_names(parts)},
        **pack_table("generation", GENERATION, rows),
        "generation.offsets": segment.offsets_of(sizes),
    }


def number_ranges(numbers: Sequence[int]) -> list[range]:
    """Group ascending numbers into ranges of consecutive ones.

    >>> number_ranges([1, 2, 3, 7])
    [range(1, 4), range(7, 8)]
    """
    ranges: list[range] = []
    for number in numbers:
        if ranges and ranges[-1].stop == number:
            ranges[-1] = range(ranges[-1].start, number + 1)
        else:
            ranges.append(range(number, number + 1))
    return ranges


def range_text(numbers: Sequence[int]) -> str:
    """Write ascending numbers with ranges, for messages.

    >>> range_text([1, 2, 3, 7])
    '1-3, 7'
    """
    ranges = number_ranges(numbers)
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in ranges)


def _empty(number: int) -> Columns:
    columns = segment.packed(Generation(number, [], ()))
    return {name: column for name, column in columns.items() if not name.startswith("generation.")}
