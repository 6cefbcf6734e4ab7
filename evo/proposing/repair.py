"""Repair: a refused candidate goes back to the model that wrote it, once, with the reason.

The reply becomes a record of its own; the refused one stays in history.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from evo.core.messages import Request
from evo.core.records import Record, Status
from evo.core.stages import Stage
from evo.core.step import Step
from evo.proposing.language_models import LanguageModels
from evo.proposing.memory import REPAIR
from evo.proposing.propose import ModelQuery, Proposal
from evo.proposing.seen import SeenSources
from evo.proposing.tiers import ModelAnswer
from operators.base import AskingOperator, operators
from operators.briefing import Briefing

_STAGES = frozenset(
    {Stage.CUT, Stage.REPLY, Stage.POLICY, Stage.TRACE, Stage.GRAPH, Stage.CONTRACT}
)
"""Stages whose refusals a language model can repair."""


class _Return(NamedTuple):
    """A refused candidate, the query that it answered, and the request to repair it."""

    refused: Record
    query: ModelQuery
    request: Request


class Repair:
    """Asks the models that wrote refused candidates to repair them.

    Args:
        language_models: wrote the candidates.
        validate: checks the proposals and the repairs.
        seen: every source so far; each repair is added.
    """

    def __init__(
        self, language_models: LanguageModels, validate: Step, *, seen: SeenSources
    ) -> None:
        self._language_models = language_models
        self._validate = validate
        self._seen = seen

    def __call__(self, proposals: Sequence[Proposal]) -> list[Record]:
        """The validated proposals, followed by the validated repairs of the refused ones."""
        operator = operators.get(REPAIR)()
        assert isinstance(operator, AskingOperator)
        records = self._validate([proposal.record for proposal in proposals])
        returns = [
            _Return(record, query, self._request(operator, record, query, index))
            for index, (record, (_, query)) in enumerate(zip(records, proposals, strict=True))
            if query is not None and _is_repairable(record)
        ]
        return [*records, *self._validate(self._repaired(returns))]

    def _request(
        self, operator: AskingOperator, record: Record, query: ModelQuery, index: int
    ) -> Request:
        varied = query.varied
        briefing = Briefing(
            varied.contract, {}, [varied.view(record)], partners=varied.partners(query.host)
        )
        return self._language_models.request_to(
            self._language_models.repairer(record.candidate.model),
            operator,
            briefing,
            "repair",
            record.generation,
            index,
        )

    def _repaired(self, returns: Sequence[_Return]) -> list[Record]:
        exchanges = self._language_models.ask([item.request for item in returns])
        records: list[Record] = []
        for (refused, query, _), exchange in zip(returns, exchanges, strict=True):
            if exchange.reply is None:
                continue  # the refused record is in history already
            record = self._language_models.record(
                ModelAnswer(exchange),
                REPAIR,
                [refused.id],
                refused.generation,
                query.varied.contract,
                shown=[query.varied.view(refused).candidate.source],
            )
            record = query.varied.complete_record(record, query.host)
            if record.id == refused.id and record.status is Status.PROPOSED:
                reason = f"came back unchanged: {refused.reason}"
                record = replace(
                    record,
                    status=Status.INVALID,
                    stage=refused.stage,
                    reason=reason,
                    member=refused.member,
                )
            records.append(self._seen.mark_duplicate(record))
        return records


def _is_repairable(record: Record) -> bool:
    return (
        record.status is Status.INVALID
        and record.stage in _STAGES
        and record.candidate.model != ""
        and record.candidate.operator != REPAIR
    )
