"""Fill the briefing of a request with what its author should know of the results so far.

Which neighbours, leaders, losers and attempts are shown is drawn per request, so that no two
requests of a generation read the same.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.core.records import Diagnosis, Record, Status
from evo.core.seeds import child
from evo.feedback.changes import changed_lines
from evo.feedback.losses import Losses, effect, network_results
from evo.feedback.plan import Plan
from evo.feedback.results import Entry, Results, Snapshot
from evo.proposing.occasion import Occasion
from evo.validation.graph.graph import Graph
from operators.briefing import Answers, Attempt, Briefing, NetworkResult, Place, Portrait, Setting

_T = TypeVar("_T")

_NEIGHBOURS = 3
_NEAR = 6
"""Nearest components that neighbours are drawn from."""
_LEADERS = 3
_TOP = 10
"""Best components that leaders are drawn from; the very best is always among them."""
_TRAILING = 2
_TRIED = 10
_ANSWERS = 6
_KEPT = 2
"""Generations whose notes are kept for further requests."""
_ORIGINS = 2
"""Parents whose origin is shown."""
_SIBLINGS = 3
_FAILURES = 3
_ID = re.compile(r"\b[0-9a-f]{16}\b")
_SHORT = 6
"""Digits of an id that stand for a component in prompts."""


class Briefings:
    """Fills briefings; equal histories and occasions give equal ones.

    Args:
        results: everything that was proposed.
        setting: how candidates are trained and judged.
        baselines: the known components by name, with their vectors.
        plan: has the idea that some requests work out.
        seed: the campaign's.
        most_characters: longest prompt.
    """

    def __init__(
        self,
        results: Results,
        setting: Setting,
        baselines: Mapping[str, Record],
        *,
        plan: Plan,
        seed: int,
        most_characters: int,
    ) -> None:
        self._results = results
        self._setting = setting
        self._baselines = baselines
        self._names = {record.id: name for name, record in baselines.items()}
        self._plan = plan
        self._notes = lru_cache(maxsize=_KEPT)(results.notes)
        self._seed = seed
        self._most_characters = most_characters

    def __call__(self, briefing: Briefing, occasion: Occasion) -> Briefing:
        """The briefing with all that the search has found."""
        rng = child(self._seed, "briefing", occasion.generation, occasion.index)
        snapshot = self._results.after(occasion.known)
        known = self._known(occasion)
        leaders = _drawn_leaders(snapshot.leaders, occasion, rng)
        neighbours = self._neighbours(occasion, known, leaders, rng)
        shown = [*occasion.parents, *leaders, *neighbours]
        ids = {record.id for record in shown}
        losers = [record for record in snapshot.trailing if record.id not in ids]
        trailing = _drawn(losers, _TRAILING, rng)
        portraits = {r.id: self._portrait(r, known, occasion) for r in shown}
        portraits |= {r.id: Portrait(self._name(r.id)) for r in trailing}
        view = occasion.varied.view
        return replace(
            briefing,
            neighbours=[view(record) for record in neighbours],
            failures=[self._readable(r) for r in briefing.failures[:_FAILURES]],
            setting=self._setting,
            portraits=portraits,
            leaders=[view(record) for record in leaders],
            trailing=[view(record) for record in trailing],
            tried=self._tried(occasion, rng),
            origins=self._origins(occasion),
            answers=self._answers(snapshot, occasion),
            notes=self._notes(occasion.known),
            idea=self._plan.idea(occasion.known) if occasion.works_out else None,
            still_for=snapshot.still_for,
            place=Place(
                occasion.generation,
                occasion.index + 1,
                int(child(self._seed, "angle", occasion.generation).integers(1000))
                + occasion.index,
            ),
            most_characters=self._most_characters,
        )

    def _known(self, occasion: Occasion) -> dict[str, Record]:
        """The population and the known components, by id."""
        return {r.id: r for r in [*self._baselines.values(), *occasion.population]}

    def _name(self, id_: str) -> str:
        return self._names.get(id_, id_[:_SHORT])

    def _readable(self, record: Record) -> Record:
        """A record whose reason names components as prompts do."""
        return replace(record, reason=_ID.sub(lambda m: self._name(m[0]), record.reason))

    def _portrait(
        self, record: Record, known: Mapping[str, Record], occasion: Occasion
    ) -> Portrait:
        others = [other for id_, other in known.items() if id_ != record.id]
        nearest, distance = "", 0.0
        if others and record.behaviour_vector.size:
            vectors = np.stack([other.behaviour_vector for other in others])
            distances = rms_distance(record.behaviour_vector, vectors)
            place = int(np.argmin(distances))
            nearest, distance = self._name(others[place].id), float(distances[place])
        entry = self._results.entry(record.id)
        losses = entry.losses if entry is not None else None
        return Portrait(
            self._name(record.id),
            _with_diagnoses(self._network_results(record.id, losses), record.diagnoses),
            self._facts(record, occasion),
            nearest,
            distance,
        )

    def _network_results(self, id_: str, losses: Losses | None) -> list[NetworkResult]:
        rivals = {
            self._name(other): theirs
            for other, theirs in self._results.baselines.items()
            if other != id_
        }
        return network_results(losses, rivals) if losses is not None and rivals else []

    def _facts(self, record: Record, occasion: Occasion) -> dict[str, float]:
        kind, member = occasion.varied.kind, occasion.varied.member
        place = [one.name for one in kind.members].index(member.name)
        if len(record.graphs) <= place:
            return {}
        return member.facts(Graph.parse(record.graphs[place]))

    def _neighbours(
        self,
        occasion: Occasion,
        known: Mapping[str, Record],
        leaders: Sequence[Record],
        rng: np.random.Generator,
    ) -> list[Record]:
        """Some of the known components that are nearest to the parents; any without parents."""
        ids = {record.id for record in [*occasion.parents, *leaders]}
        pool = [record for id_, record in known.items() if id_ not in ids]
        if not occasion.parents or not pool:
            return _drawn(pool, _NEIGHBOURS, rng)
        vectors = np.stack([record.behaviour_vector for record in pool])
        distances = [rms_distance(r.behaviour_vector, vectors) for r in occasion.parents]
        order = np.argsort(np.min(distances, axis=0), kind="stable")[:_NEAR]
        return _drawn([pool[int(place)] for place in order], _NEIGHBOURS, rng)

    def _tried(self, occasion: Occasion, rng: np.random.Generator) -> list[Attempt]:
        """What was tried from the parents: gains and losses, then what fell out."""
        entries = {
            id(entry): entry
            for parent in occasion.parents
            for entry in self._results.children(parent.id, last=occasion.known)
        }
        attempts = self._attempts(entries.values(), occasion)
        trained = _ranked([a for a in attempts if a.effect is not None])
        others = [a for a in attempts if a.effect is None and _says_something(a)]
        kept = _ends(trained, _TRIED - min(len(others), _TRIED // 3))
        return [*kept, *_drawn(others, _TRIED - len(kept), rng)]

    def _origins(self, occasion: Occasion) -> list[Attempt]:
        """The step that led to each parent, and the best and worst of its siblings."""
        origins: list[Attempt] = []
        for record in occasion.parents[:_ORIGINS]:
            entry = self._results.entry(record.id)
            first = next(iter(record.candidate.parents), "")
            if entry is None or not first:
                continue
            siblings = self._results.children(first, last=occasion.known)
            attempts = self._attempts(siblings, occasion)
            origins += [a for a in attempts if a.record.id == record.id][:1]
            others = [a for a in attempts if a.record.id != record.id and a.effect is not None]
            origins += _ends(_ranked(others), _SIBLINGS)
        return origins

    def _answers(self, snapshot: Snapshot, occasion: Occasion) -> Answers:
        """The counts of all answers, and the last ones: the best, the worst, and what fell out."""
        if not snapshot.answers:
            return Answers(snapshot.counts)
        last = max(entry.record.generation for entry in snapshot.answers)
        recent = [e for e in snapshot.answers if e.record.generation == last]
        attempts = [a for a in self._attempts(recent, occasion) if _says_something(a)]
        trained = _ranked([a for a in attempts if a.effect is not None])
        others = [a for a in attempts if a.effect is None]
        return Answers(snapshot.counts, [*_ends(trained, _ANSWERS - 2), *others[:2]])

    def _attempts(self, entries: Iterable[Entry], occasion: Occasion) -> list[Attempt]:
        view = occasion.varied.view
        attempts: list[Attempt] = []
        seen: set[str] = set()
        for entry in entries:
            first = next(iter(entry.record.candidate.parents), "")
            parent = self._results.entry(first)
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
            attempts.append(self._attempt(entry, record, first, change))
        return attempts

    def _attempt(self, entry: Entry, record: Record, first: str, change: Sequence[str]) -> Attempt:
        """An entry as prompts tell it; a source that was trained before has its effect here too."""
        gain, parent = entry.effect, self._results.entry(first)
        before = self._results.entry(entry.record.id)
        if gain is None and before is not None and before.losses is not None:
            record = replace(record, status=Status.EVALUATED, score=before.record.score)
            if parent is not None and parent.losses is not None:
                gain = effect(before.losses, parent.losses)
        return Attempt(
            self._readable(record),
            self._name(record.id),
            self._name(first) if first else "",
            change,
            gain.mean if gain else None,
            gain.trainings if gain else 0,
        )


def _with_diagnoses(
    results: Iterable[NetworkResult], diagnoses: Iterable[Diagnosis]
) -> list[NetworkResult]:
    """The results with how the training of each went, where it was noted."""
    known = {(one.task, one.network): one for one in diagnoses}
    return [
        result._replace(diagnosis=known.get((result.task, result.network))) for result in results
    ]


def _ranked(trained: Sequence[Attempt]) -> list[Attempt]:
    """By effect, the best first."""

    def rank(attempt: Attempt) -> tuple[float, str]:
        assert attempt.effect is not None
        return (-attempt.effect.value, attempt.record.id)

    return sorted(trained, key=rank)


def _says_something(attempt: Attempt) -> bool:
    """False for what was merely not chosen for training."""
    return attempt.record.status is not Status.SCREENED_OUT


def _ends(ranked: Sequence[Attempt], count: int) -> list[Attempt]:
    """The best and the worst of a ranking, in its order."""
    if len(ranked) <= count:
        return list(ranked)
    best = (count + 1) // 2
    return [*ranked[:best], *ranked[len(ranked) - (count - best) :]]


def _drawn_leaders(
    ranked: Sequence[Record], occasion: Occasion, rng: np.random.Generator
) -> list[Record]:
    """The best but the parents, and some of those that follow it."""
    ids = {parent.id for parent in occasion.parents}
    others = [record for record in ranked if record.id not in ids][:_TOP]
    return [*others[:1], *_drawn(others[1:], _LEADERS - 1, rng)]


def _drawn(pool: Sequence[_T], count: int, rng: np.random.Generator) -> list[_T]:
    """Some of a pool, in its order."""
    chosen = rng.choice(len(pool), size=min(count, len(pool)), replace=False)
    return [pool[place] for place in sorted(int(place) for place in chosen)]
