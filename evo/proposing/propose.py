"""The first step of a generation: operators turn parents into new source.

Those that ask a language model ask for all places of the generation at once. Every draw depends on
its place and on sealed records alone, and replies are taken in the order of places, so the order in
which they come changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.components.base import Kind
from evo.core.messages import Exchange, Request
from evo.core.records import Candidate, Record, Status
from evo.core.seeds import child
from evo.proposing.authors import Authors
from evo.proposing.member import Turn
from evo.proposing.memory import Memory, RecentLessons
from evo.selection.individual import Individual, performance
from evo.selection.islands import Islands
from operators.base import AskingOperator, WritingOperator
from operators.briefing import Briefing
from operators.portfolio import ParentsOf, Portfolio, write_offspring

_NEIGHBOURS = 4
"""Components that a prompt asks to keep away from."""


class Question(NamedTuple):
    """A place of a generation that waits for a language model.

    Attributes:
        beside: whose other components the answer is to stand beside, in a combination.
    """

    operator: AskingOperator
    parents: Sequence[Record]
    request: Request
    turn: Turn
    beside: Record


class Proposal(NamedTuple):
    """A proposal, and the question that it answers; None where no model was asked."""

    record: Record
    question: Question | None = None


class Propose:
    """Operators turn parents into new source; a source seen before falls out at once.

    Args:
        portfolio: chooses the operator of each offspring.
        kind: what is evolved.
        memory: what the recent generations taught.
        seen: ids of every source so far, kept up to date here.
        offspring: how many proposals a generation has, by its number.
        seed: the campaign's.
        islands: draw the parents.
        authors: the language models, where the portfolio asks any.
        baselines: the known components by name, for prompts.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        kind: Kind,
        *,
        memory: Memory,
        seen: set[str],
        offspring: Callable[[int], int],
        seed: int,
        islands: Islands,
        authors: Authors | None = None,
        baselines: Mapping[str, Record] | None = None,
    ) -> None:
        assert authors is not None or not portfolio.asks, "nobody is there to be asked"
        self._portfolio = portfolio
        self._kind = kind
        self._memory = memory
        self._seen = seen
        self._offspring = offspring
        self._seed = seed
        self._islands = islands
        self._authors = authors
        self._baselines = baselines or {}

    def __call__(
        self, parents: Sequence[Individual], generation: int, known: int
    ) -> list[Proposal]:
        """The generation's proposals.

        Args:
            parents: the population to descend from.
            generation: the one to propose for.
            known: the last generation whose records count.
        """
        lessons = self._memory.after(known)
        drafts = [
            self._draft(parents, generation, place, lessons)
            for place in range(self._offspring(generation))
        ]
        questions = [draft for draft in drafts if isinstance(draft, Question)]
        exchanges: list[Exchange] = []
        if self._authors is not None:
            exchanges = self._authors.ask([question.request for question in questions])
        came = iter(exchanges)
        proposals = [
            self._answer(draft, next(came), parents, generation, place)
            if isinstance(draft, Question)
            else Proposal(Record(draft, generation))
            for place, draft in enumerate(drafts)
        ]
        return [p._replace(record=first_time(p.record, self._seen)) for p in proposals]

    def _draft(
        self, parents: Sequence[Individual], generation: int, place: int, lessons: RecentLessons
    ) -> Candidate | Question:
        rng = child(self._seed, "propose", generation, place)
        operator = self._portfolio.draw(rng, lessons.operators)
        draw = self._drawing(parents, generation, place, rng)
        turn = Turn.draw(self._kind, child(self._seed, "turn", generation, place))
        if isinstance(operator, WritingOperator):
            return self._written(operator, draw, turn, rng)
        assert isinstance(operator, AskingOperator)
        assert self._authors is not None
        chosen = draw(operator.parents(rng))
        beside = (chosen or draw(1))[0]
        briefing = Briefing(
            turn.contract,
            turn.known(self._baselines),
            [turn.view(parent) for parent in chosen],
            [turn.view(record) for record in self._neighbours(chosen, parents)],
            turn.concerning(lessons.failures),
            turn.beside(beside),
        )
        request = self._authors.request(operator, briefing, lessons, generation, place)
        return Question(operator, chosen, request, turn, beside)

    def _written(
        self, operator: WritingOperator, draw: ParentsOf, turn: Turn, rng: np.random.Generator
    ) -> Candidate:
        """What an operator writes, as a whole."""
        drawn: list[Record] = []

        def parents_of(count: int) -> list[Record]:
            drawn.extend(draw(count))
            return [turn.view(parent) for parent in drawn]

        candidate = write_offspring(operator, parents_of, turn.contract, rng)
        return turn.whole(candidate, beside=(drawn or draw(1))[0])

    def _answer(
        self,
        question: Question,
        exchange: Exchange,
        parents: Sequence[Individual],
        generation: int,
        place: int,
    ) -> Proposal:
        """What a model proposes; where it could not be had, what an operator writes instead."""
        assert self._authors is not None
        rng = child(self._seed, "instead", generation, place)
        instead = self._portfolio.draw_writing(rng)
        if exchange.reply is None and instead is not None:
            draw = self._drawing(parents, generation, place, rng)
            return Proposal(Record(self._written(instead, draw, question.turn, rng), generation))
        ids = [parent.id for parent in question.parents]
        record = self._authors.record(
            exchange, question.operator.name, ids, generation, question.turn.contract
        )
        return Proposal(question.turn.completed(record, question.beside), question)

    def _drawing(
        self,
        population: Sequence[Individual],
        generation: int,
        place: int,
        rng: np.random.Generator,
    ) -> ParentsOf:
        draw = partial(
            self._islands.parents, population, rng=rng, generation=generation, place=place
        )
        return lambda count: [parent.record for parent in draw(count)]

    def _neighbours(
        self, chosen: Sequence[Record], population: Sequence[Individual]
    ) -> list[Record]:
        """What is known and nearest to the parents; where there are none, the best."""
        ids = {record.id for record in chosen}
        known = {individual.record.id: individual.record for individual in population}
        known |= {record.id: record for record in self._baselines.values()}
        pool = [record for id_, record in known.items() if id_ not in ids]
        if not chosen or not pool:
            return sorted(pool, key=performance, reverse=True)[:_NEIGHBOURS]
        vectors = np.stack([record.behaviour_vector for record in pool])
        distances = [rms_distance(record.behaviour_vector, vectors) for record in chosen]
        nearest = np.argsort(np.min(distances, axis=0), kind="stable")
        return [pool[int(i)] for i in nearest[:_NEIGHBOURS]]


def first_time(record: Record, seen: set[str]) -> Record:
    """The record, a DUPLICATE where its source was seen before; `seen` learns of it."""
    if record.status is not Status.PROPOSED:
        return record
    if record.id in seen:
        return replace(
            record, status=Status.DUPLICATE, stage="propose", reason="the same source as before"
        )
    seen.add(record.id)
    return record
