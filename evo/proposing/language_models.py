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
    ) -> Request:
        """A request to a model that the bandit chooses, with the seed of a path."""
        labels = [model.label for model in self.settings.asked]
        label = choose_model(
            labels,
            lessons.models,
            child(self.seed, "model", *seed_path),
            cost_weight=self.settings.cost_weight,
        )
        return self.request_to(label, operator, briefing, *seed_path)

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

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """The exchange of each request, in order."""
        return self.client.ask(requests) if requests else []

    def record(
        self,
        exchange: Exchange,
        operator: str,
        parents: Sequence[str],
        generation: int,
        contract: Contract,
        *,
        shown: Sequence[str] = (),
    ) -> Record:
        """The record that an exchange proposes; INVALID where it holds no component.

        Args:
            exchange: with the model.
            operator: that asked.
            parents: ids.
            generation: of the record.
            contract: of the component that was asked for.
            shown: sources that the prompt gave to be changed, for replies that hold only edits.
        """
        kind, reply = contract.kind, exchange.reply
        problem, stage = exchange.error, Stage.ASK
        source = rationale = ""
        if reply is not None:
            source = reply.text[:_EXCERPT]
            stage = Stage.REPLY if source.strip() else Stage.ASK
            try:
                source, rationale = read_reply(
                    reply, contract, exchange.request.prompt.user, parents=shown
                )
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
