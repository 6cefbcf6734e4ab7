"""Whose turn it is in a combination: one member's component changes, the others stay.

Operators and language models see components of one kind: of a combination, those of the member
whose turn it is. What they write stands beside what the first parent has for the others. Where one
kind is evolved alone, it is always its turn, and nothing is taken apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from evo.components.base import Kind
from evo.components.combination import Combination
from evo.core.contract import Contract
from evo.core.records import Candidate, Record, Status


@dataclass(frozen=True)
class Turn:
    """The member that an offspring changes.

    Attributes:
        kind: what is evolved.
        member: the one of its members.
    """

    kind: Kind
    member: Kind

    @classmethod
    def draw(cls, kind: Kind, rng: np.random.Generator) -> "Turn":
        """A member's turn by chance; nothing is drawn where there is one alone."""
        members = kind.members
        place = int(rng.integers(len(members))) if len(members) > 1 else 0
        return cls(kind, members[place])

    @property
    def contract(self) -> Contract:
        """What is to be written."""
        return self.member.contract

    def view(self, record: Record) -> Record:
        """The record as one of the member's own kind, with its id and measures."""
        if not isinstance(self.kind, Combination):
            return record
        source = _apart(self.kind, record.candidate.source)[self.member.name]
        return replace(
            record, candidate=replace(record.candidate, kind=self.member.name, source=source)
        )

    def beside(self, record: Record) -> dict[str, str]:
        """Sources of a record's components of the other members, by their names."""
        if not isinstance(self.kind, Combination):
            return {}
        found = _apart(self.kind, record.candidate.source)
        return {name: source for name, source in found.items() if name != self.member.name}

    def whole(self, candidate: Candidate, beside: Record) -> Candidate:
        """The candidate that stands beside a record's components of the other members."""
        if not isinstance(self.kind, Combination):
            return candidate
        sources = {**self.beside(beside), self.member.name: candidate.source}
        try:
            source = self.kind.whole(sources)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            source = candidate.source  # as refused as the whole would be, and easier to read
        made = Candidate.of(
            self.kind.name,
            source,
            operator=candidate.operator,
            parents=candidate.parents or (beside.id,),
        )
        return replace(
            made,
            model=candidate.model,
            request=candidate.request,
            rationale=candidate.rationale,
        )

    def completed(self, record: Record, beside: Record) -> Record:
        """What somebody was asked for, as a whole; what is no component stays what it is.

        Its reason then names the member.
        """
        if not isinstance(self.kind, Combination):
            return record
        if record.status is Status.PROPOSED:
            return replace(record, candidate=self.whole(record.candidate, beside))
        candidate = replace(record.candidate, kind=self.kind.name)
        return replace(record, candidate=candidate, reason=f"{self.member.name}: {record.reason}")

    def known(self, baselines: Mapping[str, Record]) -> dict[str, Record]:
        """The known components of the member by name, as its own."""
        if not isinstance(self.kind, Combination):
            return dict(baselines)
        wholes = self.kind.beside_standards(self.member)
        return {
            name: self.view(baselines[label])
            for name, label in wholes.items()
            if label in baselines
        }

    def concerning(self, failures: Iterable[Record]) -> list[Record]:
        """What fell out for something in the member's component, as its own."""
        if not isinstance(self.kind, Combination):
            return list(failures)
        prefix = f"{self.member.name}: "
        return [
            replace(self.view(record), reason=record.reason.removeprefix(prefix))
            for record in failures
            if record.reason.startswith(prefix)
        ]


@lru_cache(maxsize=1024)  # a parent is asked for many times
def _apart(kind: Combination, source: str) -> dict[str, str]:
    try:
        return kind.apart(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dict.fromkeys((member.name for member in kind.members), source)
