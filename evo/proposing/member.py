"""The member of a combination that an offspring varies; the other members' components stay.

Operators and language models see components of one kind: in a combination, those of the varied
member. What they write is completed with the components that the first parent has for the others.
Where one kind is evolved alone, it is the only member, and sources are passed through unchanged.
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
class VariedMember:
    """The member that an offspring varies.

    Attributes:
        kind: what is evolved.
        member: one of its members.
    """

    kind: Kind
    member: Kind

    @classmethod
    def draw(cls, kind: Kind, rng: np.random.Generator) -> "VariedMember":
        """A member drawn at random; nothing is drawn where there is only one."""
        members = kind.members
        index = int(rng.integers(len(members))) if len(members) > 1 else 0
        return cls(kind, members[index])

    @property
    def contract(self) -> Contract:
        """The contract of the member, which new source must meet."""
        return self.member.contract

    def view(self, record: Record) -> Record:
        """The record as one of the member's own kind, with its id and measures."""
        if not isinstance(self.kind, Combination):
            return record
        source = _split(self.kind, record.candidate.source)[self.member.name]
        return replace(
            record, candidate=replace(record.candidate, kind=self.member.name, source=source)
        )

    def partners(self, record: Record) -> dict[str, str]:
        """Sources of a record's components of the other members, by their names."""
        if not isinstance(self.kind, Combination):
            return {}
        sources = _split(self.kind, record.candidate.source)
        return {name: source for name, source in sources.items() if name != self.member.name}

    def complete(self, candidate: Candidate, host: Record) -> Candidate:
        """The candidate completed with the host's components of the other members."""
        if not isinstance(self.kind, Combination):
            return candidate
        sources = {**self.partners(host), self.member.name: candidate.source}
        try:
            source = self.kind.join(sources)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            source = candidate.source  # as refused as the whole would be, and easier to read
        completed = Candidate.of(
            self.kind.name,
            source,
            operator=candidate.operator,
            parents=candidate.parents or (host.id,),
        )
        return replace(
            completed,
            model=candidate.model,
            request=candidate.request,
            rationale=candidate.rationale,
            idea_model=candidate.idea_model,
            step=candidate.step,
            wording=candidate.wording,
            new_wording=candidate.new_wording,
            hypothesis=candidate.hypothesis,
        )

    def complete_record(self, record: Record, host: Record) -> Record:
        """The record of a completed candidate.

        A reply that holds no component keeps its text, and the record then names the member.
        """
        if not isinstance(self.kind, Combination):
            return record
        if record.status is Status.PROPOSED:
            return replace(record, candidate=self.complete(record.candidate, host))
        candidate = replace(record.candidate, kind=self.kind.name)
        return replace(record, candidate=candidate, member=self.member.name)

    def baselines(self, baselines: Mapping[str, Record]) -> dict[str, Record]:
        """The member's own baselines by name, out of the baselines of what is evolved."""
        if not isinstance(self.kind, Combination):
            return dict(baselines)
        labels = self.kind.baseline_labels(self.member)
        return {
            name: self.view(baselines[label])
            for name, label in labels.items()
            if label in baselines
        }

    def failures(self, failures: Iterable[Record]) -> list[Record]:
        """Failed records whose reason lies in the member's component, as views of it."""
        if not isinstance(self.kind, Combination):
            return list(failures)
        return [self.view(record) for record in failures if record.member == self.member.name]


@lru_cache(maxsize=1024)  # a parent is asked for many times
def _split(kind: Combination, source: str) -> dict[str, str]:
    try:
        return kind.split(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dict.fromkeys((member.name for member in kind.members), source)
