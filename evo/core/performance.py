"""Performance and merit: what the records of a search are compared by.

Performance ranks by rung first: a candidate that was cut at a short rung is not compared with one
that trained in full. Within a rung it is the margin, which does not saturate as win rates do.
"""

from evo.core.records import Record

LEAST_B_WR = 0.5
"""B-WR from which a component has merit: it wins against the median baseline."""
RUNG_GAP = 10.0
"""Distance of two rungs in performance, more than two margins can differ by."""


def performance(record: Record) -> float:
    """10 · rung + margin: any candidate of a higher rung is ahead of any of a lower one."""
    return RUNG_GAP * record.scored.rung + record.scored.margin.value


def has_merit(record: Record) -> bool:
    """True if an evaluated record wins against the median baseline, see `evo.selection.merit`."""
    return record.scored.b_wr.value >= LEAST_B_WR
