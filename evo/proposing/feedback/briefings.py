"""Fill the briefing of a request with what its author should know of the results so far.

Which neighbours, leaders, losers and attempts are shown is drawn per request, so that no two
requests of a generation read the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.core.diagnosis import Diagnosis
from evo.core.records import Record
from evo.core.search_setting import SearchSetting
from evo.core.seeds import child
from evo.proposing.feedback.attempts import Attempts
from evo.proposing.feedback.draws import drawn
from evo.proposing.feedback.losses import Losses
from evo.proposing.feedback.plan import Plan
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.settings import CHARACTERS_PER_TOKEN, FeedbackSettings
from evo.proposing.member import VariedMember
from evo.proposing.occasion import Occasion
from evo.validation.graph.graph import Graph
from operators.briefing import Answers, Briefing, NetworkResult, Portrait, RequestPlace
from operators.listing import Listing
from operators.llm.networks import margins_by_network

_NEIGHBOURS = 3
_NEAR = 6
"""Nearest components that neighbours are drawn from."""
_LEADERS = 3
_TOP = 10
"""Best components that leaders are drawn from; the very best is always among them."""
_TRAILING = 2
_KEPT = 2
"""Generations whose notes and lists are kept for further requests."""
_LISTED = 4
"""A list takes at most the n-th part of a prompt."""
_FAILURES = 3
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
        settings: what is shown.
    """

    def __init__(
        self,
        results: Results,
        setting: SearchSetting,
        baselines: Mapping[str, Record],
        *,
        plan: Plan,
        seed: int,
        settings: FeedbackSettings,
    ) -> None:
        self._results = results
        self._setting = setting
        self._baselines = baselines
        self._names = {record.id: name for name, record in baselines.items()}
        self._plan = plan
        self._notes = lru_cache(maxsize=_KEPT)(results.notes)
        self._tested = lru_cache(maxsize=_KEPT)(results.tested)
        self._seed = seed
        self._settings = settings
        self._attempts = Attempts(results, self._name, self._margins)
        self._most_characters = CHARACTERS_PER_TOKEN * settings.prompt_tokens
        self._listing = lru_cache(maxsize=_KEPT)(self._listing_of)

    def __call__(self, briefing: Briefing, occasion: Occasion) -> Briefing:
        """The briefing with all that the search has found."""
        show = self._settings
        rng = child(self._seed, "briefing", occasion.generation, occasion.index)
        snapshot = self._results.after(occasion.known)
        known = self._known(occasion)
        leaders = neighbours = trailing = list[Record]()
        if show.leaders:
            leaders = _drawn_leaders(snapshot.leaders, occasion, rng)
            neighbours = self._neighbours(occasion, known, leaders, rng)
            ids = {record.id for record in [*occasion.parents, *leaders, *neighbours]}
            losers = [record for record in snapshot.trailing if record.id not in ids]
            trailing = drawn(losers, _TRAILING, rng)
        shown = [*occasion.parents, *leaders, *neighbours]
        portraits = {r.id: self._portrait(r, known, occasion) for r in shown}
        portraits |= {r.id: self._short_portrait(r.id) for r in trailing}
        tried = self._attempts.tried(occasion, rng) if show.tried else []
        origins = self._attempts.origins(occasion, shown=tried) if show.tried else []
        answers = Answers()
        if show.tried:
            above = [record.id for record in [*shown, *trailing]]
            above += [attempt.record.id for attempt in [*tried, *origins]]
            answers = self._attempts.answers(snapshot, occasion, shown=above)
        failures = briefing.failures[:_FAILURES] if show.tried else []
        listing = self._listing(occasion.known) if show.listing else Listing()
        if listing.trained:
            trailing, answers, failures = [], Answers(), []
        view = occasion.varied.view
        return replace(
            briefing,
            neighbours=[view(record) for record in neighbours],
            failures=[self._attempts.readable(record) for record in failures],
            setting=self._setting if show.setting else None,
            portraits=portraits,
            leaders=[view(record) for record in leaders],
            trailing=[view(record) for record in trailing],
            tried=tried,
            origins=origins,
            answers=answers,
            listing=listing,
            listing_characters=self._most_characters // _LISTED,
            notes=self._notes(occasion.known) if show.notes else [],
            hypotheses=self._tested(occasion.known) if show.notes else [],
            idea=self._plan.idea(occasion.known) if occasion.works_out else None,
            still_for=snapshot.still_for,
            place=RequestPlace(
                occasion.generation,
                occasion.index + 1,
                int(child(self._seed, "angle", occasion.generation).integers(1000))
                + occasion.index,
            ),
            most_characters=self._most_characters,
        )

    def _listing_of(self, generation: int) -> Listing:
        return self._results.proposals.listing(
            generation,
            last_rung=len(self._setting.rungs) - 1,
            most=self._most_characters // _LISTED,
            readable=self._attempts.readable,
            name=self._name,
            margins=self._margins,
        )

    def _known(self, occasion: Occasion) -> dict[str, Record]:
        """The population and the known components, by id."""
        return {r.id: r for r in [*self._baselines.values(), *occasion.population]}

    def _name(self, id_: str) -> str:
        return self._names.get(id_, id_[:_SHORT])

    def _portrait(
        self, record: Record, known: Mapping[str, Record], occasion: Occasion
    ) -> Portrait:
        if not self._settings.training:
            return Portrait(self._name(record.id))
        others = [other for id_, other in known.items() if id_ != record.id]
        nearest, distance = "", 0.0
        if others and record.behaviour_vector.size:
            vectors = np.stack([other.behaviour_vector for other in others])
            distances = rms_distance(record.behaviour_vector, vectors)
            place = int(np.argmin(distances))
            nearest, distance = self._name(others[place].id), float(distances[place])
        graph = _graph_of(record, occasion.varied)
        entry = self._results.entry(record.id)
        losses = entry.losses if entry is not None else None
        return Portrait(
            self._name(record.id),
            _with_diagnoses(
                self._results.by_network(record.id, losses, self._name), record.diagnoses
            ),
            occasion.varied.member.facts(graph) if graph is not None else {},
            nearest,
            distance,
            len(graph) if graph is not None else 0,
        )

    def _short_portrait(self, id_: str) -> Portrait:
        """The results by network alone."""
        entry = self._results.entry(id_)
        if entry is None or not self._settings.training:
            return Portrait(self._name(id_))
        return Portrait(self._name(id_), self._results.by_network(id_, entry.losses, self._name))

    def _margins(self, id_: str, losses: Losses) -> list[tuple[str, float]]:
        if not self._settings.training:
            return []
        return margins_by_network(self._results.by_network(id_, losses, self._name))

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
            return drawn(pool, _NEIGHBOURS, rng)
        vectors = np.stack([record.behaviour_vector for record in pool])
        distances = [rms_distance(r.behaviour_vector, vectors) for r in occasion.parents]
        order = np.argsort(np.min(distances, axis=0), kind="stable")[:_NEAR]
        return drawn([pool[int(place)] for place in order], _NEIGHBOURS, rng)


def _graph_of(record: Record, varied: VariedMember) -> Graph | None:
    """The graph of a record's component of the varied member; None where it has none."""
    place = [one.name for one in varied.kind.members].index(varied.member.name)
    return Graph.parse(record.graphs[place]) if len(record.graphs) > place else None


def _with_diagnoses(
    results: Iterable[NetworkResult], diagnoses: Iterable[Diagnosis]
) -> list[NetworkResult]:
    """The results with how the training of each went, where it was noted."""
    known = {(one.task, one.network): one for one in diagnoses}
    return [
        result._replace(diagnosis=known.get((result.task, result.network))) for result in results
    ]


def _drawn_leaders(
    ranked: Sequence[Record], occasion: Occasion, rng: np.random.Generator
) -> list[Record]:
    """The best but the parents, and some of those that follow it."""
    ids = {parent.id for parent in occasion.parents}
    others = [record for record in ranked if record.id not in ids][:_TOP]
    return [*others[:1], *drawn(others[1:], _LEADERS - 1, rng)]
