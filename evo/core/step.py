"""The type of a step of a generation, and the records that a step still works on."""

from collections.abc import Callable, Iterable, Sequence

from evo.core.records import Record, Status

Step = Callable[[list[Record]], list[Record]]
"""Takes the generation's records and returns all of them in order, with some of them settled."""


def apply_to_live(
    records: Sequence[Record], step: Callable[[list[Record]], Iterable[Record]]
) -> list[Record]:
    """Apply a step to the records that are still PROPOSED; the others keep their places."""
    moved = iter(step([record for record in records if record.status is Status.PROPOSED]))
    return [next(moved) if r.status is Status.PROPOSED else r for r in records]
