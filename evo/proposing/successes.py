"""Children that are ahead of their parents, by the step size that led to them."""

from collections.abc import Iterable, Mapping

from evo.core.records import Generation, Record
from operators.past import Success


class Successes:
    """Rung and margin of all that was evaluated; fed by sealed generations."""

    def __init__(self) -> None:
        self._scores: dict[str, tuple[int, float]] = {}

    def take(self, sealed: Generation) -> None:
        """Add the evaluated records of a sealed generation."""
        for record in sealed.records:
            if record.score is not None:
                self._scores[record.id] = (record.score.rung, record.score.margin.value)

    def steps(self, records: Iterable[Record]) -> Mapping[str, Mapping[int, Success]]:
        """Successes by operator and step size, of records that were taken in."""
        steps: dict[str, dict[int, Success]] = {}
        for record in records:
            candidate = record.candidate
            child, parent = record.id, next(iter(candidate.parents), "")
            if candidate.step < 0 or not {child, parent} <= self._scores.keys():
                continue
            success = Success(1, int(self._scores[child] > self._scores[parent]))
            sums = steps.setdefault(candidate.operator, {})
            sums[candidate.step] = sums.get(candidate.step, Success()).plus(success)
        return steps
