"""The range in which a component of a record stays finite."""

from evo.components.kinds import kinds
from evo.core.records import Record
from evo.validation.graph.graphs import component_of


def reach_of_record(record: Record) -> float | None:
    """The largest size of inputs tried up to which outputs and gradients are finite.

    None for kinds without such a range, and for a record without graphs.
    """
    if not record.graphs:
        return None
    return kinds.get(record.candidate.kind)().reach(component_of(record.graphs))
