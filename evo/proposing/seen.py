"""The sources that a campaign has proposed so far, so that none is tried twice."""

from dataclasses import replace

from evo.core.records import Generation, Record, Status
from evo.core.stages import Stage


class SeenSources:
    """Ids of every source so far: those of sealed generations, and those proposed since."""

    def __init__(self) -> None:
        self._sealed: set[str] = set()
        self._proposed: set[str] = set()

    def __contains__(self, candidate_id: str) -> bool:
        return candidate_id in self._sealed or candidate_id in self._proposed

    def __len__(self) -> int:
        return len(self._sealed | self._proposed)

    def take(self, sealed: Generation) -> None:
        """Add the sources of a sealed generation; ablations are no proposals."""
        ids = {record.id for record in sealed.records if not record.is_ablation}
        self._sealed |= ids
        self._proposed -= ids

    def expect(self, sealed: Generation) -> None:
        """Know the sources of a generation that is not taken in yet."""
        ids = {record.id for record in sealed.records if not record.is_ablation}
        self._proposed |= ids - self._sealed

    def mark_duplicate(self, record: Record) -> Record:
        """The record, a DUPLICATE where its source was seen before; it is seen from now on."""
        if record.status is not Status.PROPOSED:
            return record
        if record.id in self:
            return replace(
                record,
                status=Status.DUPLICATE,
                stage=Stage.PROPOSE,
                reason="the same source as before",
            )
        self._proposed.add(record.id)
        return record
