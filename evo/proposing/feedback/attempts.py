"""Earlier attempts, as prompts tell them: from the parents, beside them, and recent ones of models.

An attempt is told against the parent that a prompt shows, whichever place that has among the
proposal's own. A parent that lives for weeks has hundreds of children: they are compared once per
generation, and only the few that a prompt shows are put into words.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evo.core.records import Record, Status
from evo.proposing.feedback.changes import changed_lines
from evo.proposing.feedback.draws import drawn
from evo.proposing.feedback.losses import Effect, Losses, effect
from evo.proposing.feedback.results import ProposalEntry, Results, Snapshot
from evo.proposing.member import VariedMember
from evo.proposing.occasion import Occasion
from operators.briefing import Answers, Attempt
from operators.listing import ends

_TRIED = 10
_ANSWERS = 6
_ORIGINS = 2
"""Parents whose origin is shown."""
_SIBLINGS = 3
_ID = re.compile(r"\b[0-9a-f]{16}\b")
_KEPT = 64
"""Parents whose compared children are kept for further requests."""


class _Compared(NamedTuple):
    """A proposal compared with one of its parents.

    Attributes:
        record: as a component of the kind that is asked for.
        parent_id: of that parent; empty without one.
        before: source of the parent, where it is known.
        gain: against the parent; None where one of the two did not train.
        losses: of the proposal; None where it did not train.
    """

    record: Record
    parent_id: str
    before: str | None
    gain: Effect | None
    losses: Losses | None


class Attempts:
    """Tells what was tried; equal histories and occasions give equal attempts.

    Args:
        results: everything that was proposed.
        name: of a component in prompts, by its id.
        margins: by network, of a component with these losses.
    """

    def __init__(
        self,
        results: Results,
        name: Callable[[str], str],
        margins: Callable[[str, Losses], Sequence[tuple[str, float]]],
    ) -> None:
        self._results = results
        self._name = name
        self._margins = margins
        self._children = lru_cache(maxsize=_KEPT)(self._compared_children)

    def tried(self, occasion: Occasion, rng: np.random.Generator) -> list[Attempt]:
        """Attempts from the parents: gains and losses, then what fell out."""
        children = [
            child
            for parent in occasion.parents
            for child in self._children(parent.id, occasion.known, occasion.varied, parent.id)
        ]
        children = list({child.record.id: child for child in reversed(children)}.values())
        others = [c for c in reversed(children) if c.gain is None and _says_something(c)]
        kept = ends(_ranked(children), _TRIED - min(len(others), _TRIED // 3))
        return self._told([*kept, *drawn(others, _TRIED - len(kept), rng)])

    def origins(self, occasion: Occasion, *, shown: Iterable[Attempt]) -> list[Attempt]:
        """The step that led to each parent, and the best and worst of its siblings.

        Args:
            occasion: of the request.
            shown: elsewhere in the same prompt.
        """
        ids = {attempt.record.id for attempt in shown}
        origins: list[_Compared] = []
        for record in occasion.parents[:_ORIGINS]:
            entry = self._results.entry(record.id)
            first = next(iter(record.candidate.parents), "")
            if entry is None or not first:
                continue
            siblings = self._children(first, occasion.known, occasion.varied, "")
            siblings = [sibling for sibling in siblings if sibling.record.id not in ids]
            origins += [sibling for sibling in siblings if sibling.record.id == record.id][:1]
            others = [sibling for sibling in siblings if sibling.record.id != record.id]
            origins += ends(_ranked(others), _SIBLINGS)
            ids |= {origin.record.id for origin in origins}
        return self._told(origins)

    def answers(self, snapshot: Snapshot, occasion: Occasion, *, shown: Iterable[str]) -> Answers:
        """The counts of all answers, and the last ones: the best, the worst, and what fell out.

        Args:
            snapshot: the state that the request knows.
            occasion: of the request.
            shown: ids of components that stand elsewhere in the same prompt.
        """
        if not snapshot.answers:
            return Answers(snapshot.counts)
        last = max(entry.record.generation for entry in snapshot.answers)
        recent = [e for e in snapshot.answers if e.record.generation == last]
        recent = [e for e in recent if e.record.id not in set(shown)]
        compared = [c for c in self._compared(recent, occasion.varied) if _says_something(c)]
        others = [c for c in compared if c.gain is None]
        last_ones = [*ends(_ranked(compared), _ANSWERS - 2), *others[:2]]
        return Answers(snapshot.counts, self._told(last_ones))

    def readable(self, record: Record) -> Record:
        """A record whose reason names components as prompts do."""
        return replace(record, reason=_ID.sub(lambda m: self._name(m[0]), record.reason))

    def _compared_children(
        self, id_: str, last: int, varied: VariedMember, against: str
    ) -> Sequence[_Compared]:
        """Proposals that descend from a component, up to a generation; see `_compared`."""
        return self._compared(self._results.children(id_, last=last), varied, against)

    def _compared(
        self, entries: Iterable[ProposalEntry], varied: VariedMember, against: str = ""
    ) -> list[_Compared]:
        """Entries against one of their parents, by default the first; each source once."""
        compared: dict[str, _Compared] = {}
        for entry in entries:
            parent_id = against or next(iter(entry.record.candidate.parents), "")
            parent, record = self._results.entry(parent_id), varied.view(entry.record)
            before = None if parent is None else varied.view(parent.record).candidate.source
            if before == record.candidate.source:
                continue  # another member of the combination was varied
            if record.id not in compared:
                compared[record.id] = self._comparison(entry, record, parent_id, before)
        return list(compared.values())

    def _comparison(
        self, entry: ProposalEntry, record: Record, parent_id: str, before: str | None
    ) -> _Compared:
        """An entry against a parent; a source that was trained before has its effect here too."""
        parent, trained = self._results.entry(parent_id), self._results.entry(entry.record.id)
        losses = trained.losses if trained is not None else None
        first = next(iter(record.candidate.parents), None)
        gain = entry.effect if first == parent_id else None
        if trained is not None and losses is not None:
            if entry.losses is None:
                record = replace(record, status=Status.EVALUATED, score=trained.record.score)
            if gain is None and parent is not None and parent.losses is not None:
                gain = effect(losses, parent.losses)
        return _Compared(record, parent_id, before, gain, losses)

    def _told(self, compared: Iterable[_Compared]) -> list[Attempt]:
        return [self._attempt(one) for one in compared]

    def _attempt(self, compared: _Compared) -> Attempt:
        record, parent_id, before, gain, losses = compared
        source, parents = record.candidate.source, dict.fromkeys(record.candidate.parents)
        return Attempt(
            self.readable(record),
            self._name(record.id),
            self._name(parent_id) if parent_id else "",
            () if before is None else changed_lines(before, source),
            gain.mean if gain else None,
            gain.trainings if gain else 0,
            [self._name(id_) for id_ in parents if id_ != parent_id],
            self._margins(record.id, losses) if losses is not None else (),
        )


def _ranked(compared: Iterable[_Compared]) -> list[_Compared]:
    """Those that trained, by effect, the best first."""
    gains = [(-one.gain.mean.value, one.record.id, one) for one in compared if one.gain is not None]
    return [one for *_, one in sorted(gains, key=lambda item: item[:2])]


def _says_something(compared: _Compared) -> bool:
    """False for what was merely not chosen for training."""
    return compared.record.status is not Status.SCREENED_OUT
