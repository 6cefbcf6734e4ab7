"""The climb of a search: how good its best is, and whether offspring get better.

It follows from sealed generations alone, so a running campaign shows what its history says later.

The best here is the best by worth (`evo.core.worth`), not by the margin as measured, of which
the luckiest has most. It gives way only to one of larger worth. A search *stands still* once the
worth of its best has not grown by more than the standard error of its margin for `STANDSTILL`
generations; small steps add up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from evo.core.estimate import Estimate
from evo.core.records import Record

STANDSTILL = 5
"""Generations without progress from which on a search stands still."""


@dataclass(frozen=True)
class BestSoFar:
    """The best candidate of a search so far.

    Attributes:
        id: its candidate's.
        margin: at the highest rung that it reached, as are the win rates.
        b_wr: win rate against the baselines.
        bsota_wr: win rate against the best baseline.
        record: gives its whole record, which may be read from disk for that.
    """

    id: str
    margin: Estimate
    b_wr: Estimate
    bsota_wr: Estimate
    record: Callable[[], Record] = field(compare=False, repr=False)

    @classmethod
    def of(cls, record: Record) -> "BestSoFar":
        """The best candidate, of which the record is in memory."""
        score = record.scored
        return cls(record.id, score.margin, score.b_wr, score.bsota_wr, lambda: record)


@dataclass(frozen=True)
class Climb:
    """A search after a sealed generation.

    Attributes:
        generation: its number.
        best: the best candidate so far, by worth; None before any was evaluated.
        best_excess: by how much the first margin of the best exceeded that on fresh seeds; None
            where it was not measured again.
        trained: number of candidates of this generation that were evaluated.
        mean_margin: mean of their margins, each at the rung that it reached; None without any.
        ahead: share of them that are ahead of their first parent, by rung, then margin; None where
            no parent was evaluated.
        parents_with_merit: share of the parents of this generation's proposals that beat half of
            the baselines or more, each counted as often as it was drawn; None without parents.
        remeasured: number of candidates so far that were measured again on fresh seeds.
        excess: mean over these of first margin less fresh margin; None without any.
        still_for: generations since the best became better by more than its noise.
    """

    generation: int
    best: BestSoFar | None = None
    best_excess: float | None = None
    trained: int = 0
    mean_margin: float | None = None
    ahead: float | None = None
    parents_with_merit: float | None = None
    remeasured: int = 0
    excess: float | None = None
    still_for: int = 0

    @property
    def stands_still(self) -> bool:
        """True if the best has not become better for `STANDSTILL` generations."""
        return self.still_for >= STANDSTILL

    @property
    def warning(self) -> str:
        """Says that the search stands still and what may help; empty where it does not."""
        if not self.stands_still:
            return ""
        return (
            f"The search stands still: for {self.still_for} generations its best has not become "
            "better by more than its noise. More seeds in the last of protocol.rungs, other "
            "operators or another strategy may help, or stop here."
        )
