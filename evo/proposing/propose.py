"""The first step of a generation: operators turn parents into new source.

Operators that ask a language model send all requests of the generation at once. Every random draw
depends on the offspring's index and on sealed records alone, and replies are read in the order of
the indices, so the order in which they arrive changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from evo.components.base import Kind
from evo.core.records import Candidate, Record
from evo.core.seeds import child
from evo.core.source import source_size
from evo.proposing.language_models import LanguageModels
from evo.proposing.member import VariedMember
from evo.proposing.memory import Memory, RecentLessons
from evo.proposing.occasion import Brief, Occasion, PlanFn, as_it_is, nothing_planned
from evo.proposing.seen import SeenSources
from evo.proposing.tiers import Asked, ModelAnswer, taken_out
from evo.proposing.wordings import Wordings, wording_id
from evo.selection.individual import Individual, best_first
from evo.selection.islands import Islands
from operators.base import AskingOperator, WritingOperator, operators
from operators.briefing import Briefing
from operators.llm.hypotheses import read_hypothesis
from operators.llm.views import plain_source
from operators.llm.wordings import read_wording
from operators.past import Past
from operators.portfolio import ParentsOf, Portfolio, write_offspring

_BEST = 5
"""Best of the population that ablations are made of."""
_ATTEMPTS = 8


class ModelQuery(NamedTuple):
    """An offspring that a language model is asked for.

    Attributes:
        varied: the member that the model writes.
        host: the record whose components of the other members complete the reply.
    """

    operator: AskingOperator
    parents: Sequence[Record]
    asked: Asked
    varied: VariedMember
    host: Record


class Proposal(NamedTuple):
    """A proposed record and the query that it answers; None where no model was asked."""

    record: Record
    query: ModelQuery | None = None


class Propose:
    """Turn parents into new source; a source seen before becomes a DUPLICATE at once.

    Args:
        portfolio: chooses the operator of each offspring.
        kind: what is evolved.
        memory: success rates and failures of the recent generations.
        seen: every source so far; each proposal is added.
        offspring: number of proposals in a generation, by its number.
        seed: the campaign's.
        islands: draw the parents.
        language_models: needed where an operator of the portfolio asks one.
        baselines: the known components by name, for prompts.
        hints_in: hints of a person that hold in a generation, for prompts.
        brief: fills briefings with what a language model should know.
        plan: says which offspring are planned rather than drawn.
        wordings: of the operators' tasks; None where each has one.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        kind: Kind,
        *,
        memory: Memory,
        seen: SeenSources,
        offspring: Callable[[int], int],
        seed: int,
        islands: Islands,
        language_models: LanguageModels | None = None,
        baselines: Mapping[str, Record] | None = None,
        hints_in: Callable[[int], Sequence[str]] = lambda _: (),
        brief: Brief = as_it_is,
        plan: PlanFn = nothing_planned,
        wordings: Wordings | None = None,
    ) -> None:
        assert language_models is not None or not portfolio.asks, "no language model to ask"
        self._portfolio = portfolio
        self._kind = kind
        self._memory = memory
        self._seen = seen
        self._offspring = offspring
        self._seed = seed
        self._islands = islands
        self._language_models = language_models
        self._baselines = baselines or {}
        self._hints_in = hints_in
        self._brief = brief
        self._plan = plan
        self._wordings = wordings

    def __call__(
        self, parents: Sequence[Individual], generation: int, known: int
    ) -> list[Proposal]:
        """The generation's proposals.

        Args:
            parents: the population to descend from.
            generation: the one to propose for.
            known: the last generation whose records may be used.
        """
        lessons = self._memory.after(known)
        drafts = [
            self._draft(parents, generation, index, known, lessons)
            for index in range(self._offspring(generation))
        ]
        queries = [draft for draft in drafts if isinstance(draft, ModelQuery)]
        answers: list[ModelAnswer] = []
        if self._language_models is not None:
            answers = self._language_models.answer([query.asked for query in queries], lessons)
        replies = iter(answers)
        proposals = [
            self._answer(draft, next(replies), parents, generation, index, past=lessons.past)
            if isinstance(draft, ModelQuery)
            else Proposal(Record(draft, generation))
            for index, draft in enumerate(drafts)
        ]
        return [p._replace(record=self._seen.mark_duplicate(p.record)) for p in proposals]

    def _draft(
        self,
        parents: Sequence[Individual],
        generation: int,
        index: int,
        known: int,
        lessons: RecentLessons,
    ) -> Candidate | ModelQuery:
        rng = child(self._seed, "propose", generation, index)
        planned = self._plan(index, known, self._offspring(generation))
        if planned is not None and planned.from_best:
            ablation = self._ablation(planned.operator, parents, generation, index, lessons.past)
            if ablation is not None:
                return ablation
            planned = None
        operator = self._portfolio.draw(rng, lessons.operators)
        if planned is not None:
            operator = operators.get(planned.operator)()
        draw = self._draw_parents(parents, generation, index, rng)
        varied = VariedMember.draw(self._kind, child(self._seed, "turn", generation, index))
        if isinstance(operator, WritingOperator):
            return self._written(operator, draw, varied, rng, lessons.past)
        assert isinstance(operator, AskingOperator)
        assert self._language_models is not None
        chosen = draw(operator.parents(rng))
        host = (chosen or draw(1))[0]
        briefing = Briefing(
            varied.contract,
            varied.baselines(self._baselines),
            [varied.view(parent) for parent in chosen],
            failures=varied.failures(lessons.failures),
            partners=varied.partners(host),
            hints=self._hints_in(generation),
        )
        population = [individual.record for individual in parents]
        works_out = planned is not None and planned.works_out
        occasion = Occasion(generation, index, known, varied, chosen, population, works_out)
        briefing = self._brief(briefing, occasion)
        if planned is not None:
            briefing = replace(
                briefing, hypothesis=planned.tests, wants_hypothesis=planned.supposes
            )
        if self._wordings is not None and planned is not None and planned.rewords:
            contenders = self._wordings.contenders(operator.name, known)
            briefing = replace(briefing, contenders=contenders)
        elif self._wordings is not None and not briefing.hypothesis:
            rng = child(self._seed, "wording", generation, index)
            briefing = replace(briefing, wording=self._wordings.draw(operator.name, known, rng))
        asked = self._language_models.request(operator, briefing, lessons, generation, index)
        return ModelQuery(operator, chosen, asked, varied, host)

    def _ablation(
        self,
        name: str,
        parents: Sequence[Individual],
        generation: int,
        index: int,
        past: Past,
    ) -> Candidate | None:
        """A new component that is one of the best without a part; None where there is none."""
        operator = operators.get(name)()
        assert isinstance(operator, WritingOperator)
        best = [individual.record for individual in best_first(parents)[:_BEST]]
        for attempt in range(_ATTEMPTS):
            rng = child(self._seed, "ablate", generation, index, attempt)
            parent = best[int(rng.integers(len(best)))]
            varied = VariedMember.draw(self._kind, rng)
            candidate = self._written(operator, lambda _, one=parent: [one], varied, rng, past)
            size = source_size(varied.view(parent).candidate.source)
            shorter = varied.view(Record(candidate, generation)).candidate.source
            if candidate.id not in self._seen and source_size(shorter) < size:
                return candidate
        return None

    def _written(
        self,
        operator: WritingOperator,
        draw: ParentsOf,
        varied: VariedMember,
        rng: np.random.Generator,
        past: Past,
    ) -> Candidate:
        """The complete candidate that a writing operator makes."""
        drawn: list[Record] = []

        def parents_of(count: int) -> list[Record]:
            drawn.extend(draw(count))
            return [varied.view(parent) for parent in drawn]

        candidate = write_offspring(operator, parents_of, varied.contract, rng, past)
        return varied.complete(candidate, host=(drawn or draw(1))[0])

    def _answer(
        self,
        query: ModelQuery,
        answer: ModelAnswer,
        parents: Sequence[Individual],
        generation: int,
        index: int,
        *,
        past: Past,
    ) -> Proposal:
        """The proposal of a model; where it gave no reply, that of a writing operator instead."""
        assert self._language_models is not None
        rng = child(self._seed, "instead", generation, index)
        substitute = self._portfolio.draw_writing(rng)
        if answer.exchange.reply is None and substitute is not None:
            draw = self._draw_parents(parents, generation, index, rng)
            written = self._written(substitute, draw, query.varied, rng, past)
            return Proposal(Record(written, generation))
        ids = [parent.id for parent in query.parents]
        shown = [
            plain_source(query.varied.view(parent).candidate.source) for parent in query.parents
        ]
        briefing, wording = query.asked.briefing, query.asked.briefing.wording
        new_wording = ""
        if briefing.contenders:
            answer, new_wording = taken_out(answer, read_wording)
            wording = new_wording
        hypothesis = briefing.hypothesis
        if briefing.wants_hypothesis:
            answer, hypothesis = taken_out(answer, read_hypothesis)
        record = self._language_models.record(
            answer, query.operator.name, ids, generation, query.varied.contract, shown=shown
        )
        worded = replace(
            record.candidate,
            wording=wording_id(wording),
            new_wording=new_wording,
            hypothesis=hypothesis,
        )
        record = replace(record, candidate=worded)
        return Proposal(query.varied.complete_record(record, query.host), query)

    def _draw_parents(
        self,
        population: Sequence[Individual],
        generation: int,
        index: int,
        rng: np.random.Generator,
    ) -> ParentsOf:
        draw = partial(
            self._islands.parents, population, rng=rng, generation=generation, place=index
        )
        return lambda count: [parent.record for parent in draw(count)]
