"""What was tried before, as prompts tell it: from the parents, beside them, and by models of late.

An attempt is told against the parent that a prompt shows, whichever place that has among the
proposal's own.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from evo.core.records import Record, Status
from evo.feedback.changes import changed_lines
from evo.feedback.draws import drawn, ends
from evo.feedback.losses import effect
from evo.feedback.results import Entry, Results, Snapshot
from evo.proposing.occasion import Occasion
from operators.briefing import Answers, Attempt

_TRIED = 10
_ANSWERS = 6
_ORIGINS = 2
"""Parents whose origin is shown."""
_SIBLINGS = 3
_ID = re.compile(r"\b[0-9a-f]{16}\b")


class Attempts:
    """Tells what was tried; equal histories and occasions give equal attempts.

    Args:
        results: everything that was proposed.
        name: of a component in prompts, by its id.
    """

    def __init__(self, results: Results, name: Callable[[str], str]) -> None:
        self._results = results
        self._name = name

    def tried(self, occasion: Occasion, rng: np.random.Generator) -> list[Attempt]:
        """What was tried from the parents: gains and losses, then what fell out."""
        attempts = [
            attempt
            for parent in occasion.parents
            for attempt in self._attempts(
                self._results.children(parent.id, last=occasion.known), occasion, parent.id
            )
        ]
        attempts = list({attempt.record.id: attempt for attempt in reversed(attempts)}.values())
        trained = _ranked([a for a in attempts if a.effect is not None])
        others = [a for a in reversed(attempts) if a.effect is None and _says_something(a)]
        kept = ends(trained, _TRIED - min(len(others), _TRIED // 3))
        return [*kept, *drawn(others, _TRIED - len(kept), rng)]

    def origins(self, occasion: Occasion, *, shown: Iterable[Attempt]) -> list[Attempt]:
        """The step that led to each parent, and the best and worst of its siblings.

        Args:
            occasion: of the request.
            shown: elsewhere in the same prompt.
        """
        ids = {attempt.record.id for attempt in shown}
        origins: list[Attempt] = []
        for record in occasion.parents[:_ORIGINS]:
            entry = self._results.entry(record.id)
            first = next(iter(record.candidate.parents), "")
            if entry is None or not first:
                continue
            siblings = self._results.children(first, last=occasion.known)
            attempts = [a for a in self._attempts(siblings, occasion) if a.record.id not in ids]
            origins += [a for a in attempts if a.record.id == record.id][:1]
            others = [a for a in attempts if a.record.id != record.id and a.effect is not None]
            origins += ends(_ranked(others), _SIBLINGS)
            ids |= {attempt.record.id for attempt in origins}
        return origins

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
        attempts = [a for a in self._attempts(recent, occasion) if _says_something(a)]
        trained = _ranked([a for a in attempts if a.effect is not None])
        others = [a for a in attempts if a.effect is None]
        return Answers(snapshot.counts, [*ends(trained, _ANSWERS - 2), *others[:2]])

    def readable(self, record: Record) -> Record:
        """A record whose reason names components as prompts do."""
        return replace(record, reason=_ID.sub(lambda m: self._name(m[0]), record.reason))

    def _attempts(
        self, entries: Iterable[Entry], occasion: Occasion, against: str = ""
    ) -> list[Attempt]:
        """Entries as attempts, against one of their parents, by default the first."""
        view = occasion.varied.view
        attempts: list[Attempt] = []
        seen: set[str] = set()
        for entry in entries:
            parent_id = against or next(iter(entry.record.candidate.parents), "")
            parent = self._results.entry(parent_id)
            record = view(entry.record)
            change: Sequence[str] = ()
            if parent is not None:
                before = view(parent.record).candidate.source
                change = changed_lines(before, record.candidate.source)
                if not change and before == record.candidate.source:
                    continue  # another member of the combination was varied
            if record.id in seen:
                continue
            seen.add(record.id)
            attempts.append(self._attempt(entry, record, parent_id, change))
        return attempts

    def _attempt(
        self, entry: Entry, record: Record, parent_id: str, change: Sequence[str]
    ) -> Attempt:
        """An entry against a parent; a source that was trained before has its effect here too."""
        parents = list(dict.fromkeys(record.candidate.parents))
        parent, trained = self._results.entry(parent_id), self._results.entry(entry.record.id)
        losses = trained.losses if trained is not None else None
        gain = entry.effect if parents[:1] == [parent_id] else None
        if trained is not None and losses is not None:
            if entry.losses is None:
                record = replace(record, status=Status.EVALUATED, score=trained.record.score)
            if gain is None and parent is not None and parent.losses is not None:
                gain = effect(losses, parent.losses)
        return Attempt(
            self.readable(record),
            self._name(record.id),
            self._name(parent_id) if parent_id else "",
            change,
            gain.mean if gain else None,
            gain.trainings if gain else 0,
            [self._name(id_) for id_ in parents if id_ != parent_id],
        )


def _ranked(trained: Sequence[Attempt]) -> list[Attempt]:
    """By effect, the best first."""

    def rank(attempt: Attempt) -> tuple[float, str]:
        assert attempt.effect is not None
        return (-attempt.effect.value, attempt.record.id)

    return sorted(trained, key=rank)


def _says_something(attempt: Attempt) -> bool:
    """False for what was merely not chosen for training."""
    return attempt.record.status is not Status.SCREENED_OUT
