"""Language models as authors: a briefing becomes a request, what came of it a record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evo.core.contract import Contract
from evo.core.messages import Exchange, Request
from evo.core.records import Candidate, Record, Status
from evo.core.seeds import child, child_seed
from evo.llm.bandit import choose_model
from evo.llm.correspondence import Correspondence
from evo.llm.settings import LlmSettings, ModelSettings
from evo.proposing.memory import RecentLessons
from operators.base import AskingOperator
from operators.briefing import Briefing
from operators.llm.grammar import grammar
from operators.llm.reading import UnreadableError, read_reply

_EXCERPT = 2000
"""Of a reply without code, history's record keeps so many characters; the reply is kept whole."""


@dataclass(frozen=True)
class Authors:
    """The models of a campaign.

    Attributes:
        settings: which, and how they share the work.
        correspondence: has their replies.
        seed: the campaign's.
    """

    settings: LlmSettings
    correspondence: Correspondence
    seed: int

    def request(
        self,
        operator: AskingOperator,
        briefing: Briefing,
        lessons: RecentLessons,
        *place: str | int,
    ) -> Request:
        """A request to a model that is chosen for it; its seed is a child of that place."""
        labels = [model.label for model in self.settings.models]
        label = choose_model(
            labels,
            lessons.models,
            child(self.seed, "model", *place),
            cost_weight=self.settings.cost_weight,
        )
        return self.request_to(label, operator, briefing, *place)

    def request_to(
        self, label: str, operator: AskingOperator, briefing: Briefing, *place: str | int
    ) -> Request:
        """A request to one model."""
        model = self._model(label)
        return Request(
            model=label,
            model_id=model.model,
            prompt=operator.prompt(briefing),
            seed=child_seed(self.seed, "ask", *place) % 2**31,
            temperature=model.temperature,
            max_tokens=model.max_tokens,
            grammar=grammar(briefing.contract) if model.grammar else "",
        )

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """What came of each request, in order."""
        return self.correspondence.ask(requests) if requests else []

    def record(
        self,
        exchange: Exchange,
        operator: str,
        parents: Sequence[str],
        generation: int,
        contract: Contract,
    ) -> Record:
        """What a reply to a request for such a component proposes, or why it proposes nothing."""
        kind, reply = contract.kind, exchange.reply
        problem, stage = exchange.error, "ask"
        source = rationale = ""
        if reply is not None:
            source = reply.text[:_EXCERPT]
            stage = "reply" if source.strip() else "ask"
            try:
                source, rationale = read_reply(reply, contract)
            except UnreadableError as error:
                problem = str(error)
        candidate = replace(
            Candidate.of(kind, source, operator=operator, parents=parents),
            model=exchange.request.model,
            request=exchange.request.key,
            rationale=rationale,
        )
        record = Record(candidate, generation, cost_usd=exchange.cost_usd)
        if not problem:
            return record
        return replace(record, status=Status.INVALID, stage=stage, reason=problem)

    def _model(self, label: str) -> ModelSettings:
        return next(model for model in self.settings.models if model.label == label)
