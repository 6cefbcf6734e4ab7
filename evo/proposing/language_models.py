"""The language models that write candidates: briefings become requests, exchanges records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evo.core.contract import Contract
from evo.core.messages import Exchange, Request
from evo.core.records import Candidate, Record, Status
from evo.core.seeds import child, child_seed
from evo.core.stages import Stage
from evo.llm.bandit import choose_model
from evo.llm.client import LlmClient
from evo.llm.settings import LlmSettings, ModelSettings
from evo.proposing.memory import RecentLessons
from evo.proposing.tiers import Asked, ModelAnswer, idea_of, remark, writing_operator
from operators.base import AskingOperator
from operators.briefing import Briefing
from operators.llm.grammar import grammar
from operators.llm.modules import UnreadableError
from operators.llm.reading import read_reply

_EXCERPT = 2000
"""Characters of a reply without code that its record keeps; history has the whole reply."""


@dataclass(frozen=True)
class LanguageModels:
    """The models of a campaign.

    Attributes:
        settings: the models, and how requests are distributed among them.
        client: answers the requests.
        seed: the campaign's.
    """

    settings: LlmSettings
    client: LlmClient
    seed: int

    def request(
        self,
        operator: AskingOperator,
        briefing: Briefing,
        lessons: RecentLessons,
        *seed_path: str | int,
    ) -> Asked:
        """A request to a model that the bandit chooses, with the seed of a path."""
        label = self._chosen(self.settings.authors, lessons, "model", *seed_path)
        briefing = replace(
            briefing,
            has_card=self.settings.cards,
            wants_idea=self._model(label).role == "idea",
        )
        return Asked(self.request_to(label, operator, briefing, *seed_path), briefing)

    def request_to(
        self, label: str, operator: AskingOperator, briefing: Briefing, *seed_path: str | int
    ) -> Request:
        """A request to one model."""
        model = self._model(label)
        return Request(
            model=label,
            model_id=model.model,
            prompt=operator.prompt(briefing),
            seed=child_seed(self.seed, "ask", *seed_path) % 2**31,
            temperature=model.temperature,
            max_tokens=model.max_tokens,
            grammar=grammar(briefing.contract) if model.grammar else "",
        )

    def answer(self, asked: Sequence[Asked], lessons: RecentLessons) -> list[ModelAnswer]:
        """The answer to each request, in order; ideas are given to a model that writes them."""
        exchanges = self.ask([one.request for one in asked])
        pairs = list(zip(asked, exchanges, strict=True))
        ideas = [idea_of(exchange, one.briefing) for one, exchange in pairs]
        requests = [
            self._to_write(replace(one.briefing, words=idea, wants_idea=False), exchange, lessons)
            for (one, exchange), idea in zip(pairs, ideas, strict=True)
            if idea
        ]
        written = iter(self.ask(requests))
        return [
            ModelAnswer(next(written), exchange, idea) if idea else ModelAnswer(exchange)
            for exchange, idea in zip(exchanges, ideas, strict=True)
        ]

    def repairer(self, label: str) -> str:
        """The model that repairs what a model wrote: itself, unless it only has ideas."""
        if self._model(label).role != "idea":
            return label
        return self.settings.writers[0].label

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """The exchange of each request, in order."""
        return self.client.ask(requests) if requests else []

    def record(
        self,
        answer: ModelAnswer,
        operator: str,
        parents: Sequence[str],
        generation: int,
        contract: Contract,
        *,
        shown: Sequence[str] = (),
    ) -> Record:
        """The record that an answer proposes; INVALID where it holds no component.

        Args:
            answer: of the models.
            operator: that asked.
            parents: ids.
            generation: of the record.
            contract: of the component that was asked for.
            shown: sources that the prompt gave to be changed, for replies that hold only edits.
        """
        exchange, idea, _ = answer
        kind, reply = contract.kind, exchange.reply
        problem, stage = exchange.error, Stage.ASK
        source = rationale = ""
        if reply is not None:
            source = reply.text[:_EXCERPT]
            try:
                source, rationale = read_reply(
                    reply, contract, exchange.request.prompt.user, parents=shown
                )
            except UnreadableError as error:
                problem, stage = str(error), error.stage
        candidate = replace(
            Candidate.of(kind, source, operator=operator, parents=parents),
            model=exchange.request.model,
            request=exchange.request.key,
            rationale=remark(answer, rationale),
            idea_model=idea.request.model if idea is not None else "",
        )
        idea_cost_usd = idea.cost_usd if idea is not None else 0.0
        record = Record(
            candidate,
            generation,
            cost_usd=exchange.cost_usd + idea_cost_usd,
            idea_cost_usd=idea_cost_usd,
        )
        if not problem:
            return record
        return replace(record, status=Status.INVALID, stage=stage, reason=problem)

    def _to_write(self, briefing: Briefing, idea: Exchange, lessons: RecentLessons) -> Request:
        path = ("write", idea.request.key)
        label = self._chosen(self.settings.writers, lessons, "model", *path)
        return self.request_to(label, writing_operator(), briefing, *path)

    def _chosen(
        self, models: Sequence[ModelSettings], lessons: RecentLessons, *path: str | int
    ) -> str:
        """The label of one of some models, by the bandit, with the seed of a path."""
        return choose_model(
            [model.label for model in models],
            lessons.models,
            child(self.seed, *path),
            cost_weight=self.settings.cost_weight,
        )

    def _model(self, label: str) -> ModelSettings:
        return next(model for model in self.settings.models if model.label == label)
