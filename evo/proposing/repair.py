"""A refused candidate goes back to its author, once, with the reason.

What comes back is a proposal of its own beside the refused one, which keeps its place in history.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from evo.core.messages import Request
from evo.core.records import Record, Status
from evo.core.step import Step
from evo.proposing.authors import Authors
from evo.proposing.memory import REPAIR
from evo.proposing.propose import Proposal, Question, first_time
from operators.base import AskingOperator, operators
from operators.briefing import Briefing

_STAGES = frozenset({"reply", "policy", "trace", "graph", "contract"})
"""Where a candidate can be refused for something that its author can mend."""


class _Return(NamedTuple):
    """A candidate that goes back, the question that it answered, and the next one."""

    refused: Record
    question: Question
    request: Request


class Repair:
    """Asks the authors of refused candidates to mend them.

    Args:
        authors: the language models.
        validate: judges what comes back.
        seen: ids of every source so far, kept up to date here.
    """

    def __init__(self, authors: Authors, validate: Step, *, seen: set[str]) -> None:
        self._authors = authors
        self._validate = validate
        self._seen = seen

    def __call__(self, proposals: Sequence[Proposal]) -> list[Record]:
        """The proposals as they were judged, and behind them what came back of the refused ones."""
        operator = operators.get(REPAIR)()
        assert isinstance(operator, AskingOperator)
        records = self._validate([proposal.record for proposal in proposals])
        returned = [
            _Return(record, question, self._request(operator, record, question, place))
            for place, (record, (_, question)) in enumerate(zip(records, proposals, strict=True))
            if question is not None and _may_return(record)
        ]
        return [*records, *self._validate(self._mended(returned))]

    def _request(
        self, operator: AskingOperator, record: Record, question: Question, place: int
    ) -> Request:
        turn = question.turn
        briefing = Briefing(
            turn.contract, {}, [turn.view(record)], beside=turn.beside(question.beside)
        )
        return self._authors.request_to(
            record.candidate.model, operator, briefing, "repair", record.generation, place
        )

    def _mended(self, returned: Sequence[_Return]) -> list[Record]:
        exchanges = self._authors.ask([each.request for each in returned])
        found: list[Record] = []
        for (refused, question, _), exchange in zip(returned, exchanges, strict=True):
            if exchange.reply is None:
                continue  # nothing came back, and nothing is lost
            record = self._authors.record(
                exchange, REPAIR, [refused.id], refused.generation, question.turn.contract
            )
            record = question.turn.completed(record, question.beside)
            if record.id == refused.id and record.status is Status.PROPOSED:
                reason = f"came back unchanged: {refused.reason}"
                record = replace(record, status=Status.INVALID, stage=refused.stage, reason=reason)
            found.append(first_time(record, self._seen))
        return found


def _may_return(record: Record) -> bool:
    return (
        record.status is Status.INVALID
        and record.stage in _STAGES
        and record.candidate.model != ""
        and record.candidate.operator != REPAIR
    )
