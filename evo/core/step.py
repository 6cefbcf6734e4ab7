"""A step of a generation: it takes records and gives them back, further on or fallen out."""

from collections.abc import Callable, Iterable, Sequence

from evo.core.records import Record, Status

Step = Callable[[list[Record]], list[Record]]
"""A step takes the generation's records and gives them back, further on or fallen out."""


def apply_to_live(
    records: Sequence[Record], step: Callable[[list[Record]], Iterable[Record]]
) -> list[Record]:
    """All records in their places, those still on their way replaced by what the step made."""
    moved = iter(step([record for record in records if record.status is Status.PROPOSED]))
    return [next(moved) if r.status is Status.PROPOSED else r for r in records]
