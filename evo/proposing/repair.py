"""A refused candidate goes back to its author, once, with the reason.

What comes back is a proposal of its own beside the refused one, which keeps its place in history.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from evo.campaign import Step
from evo.components.base import Kind
from evo.dialogue import Request
from evo.proposing.authors import Authors
from evo.proposing.memory import REPAIR
from evo.proposing.propose import first_time
from evo.proposing.turns import Turn
from evo.types import Record, Status
from operators.base import AskingOperator, operators
from operators.briefing import Briefing

_STAGES = frozenset({"reply", "policy", "trace", "graph", "contract"})
"""Where a candidate can be refused for something that its author can mend."""


class _Return(NamedTuple):
    """A candidate that goes back."""

    refused: Record
    request: Request
    turn: Turn


class Repair:
    """Asks the authors of refused candidates to mend them.

    Args:
        authors: the language models.
        kind: what is evolved.
        validate: judges what comes back.
        seen: ids of every source so far, kept up to date here.
    """

    def __init__(self, authors: Authors, kind: Kind, validate: Step, *, seen: set[str]) -> None:
        self._authors = authors
        self._kind = kind
        self._validate = validate
        self._seen = seen

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, and behind them what came back of the refused ones."""
        operator = operators.get(REPAIR)()
        assert isinstance(operator, AskingOperator)
        turns = [Turn.to_mend(self._kind, record.reason) for record in records]
        returned = [
            _Return(record, self._request(operator, record, place, turn), turn)
            for place, (record, turn) in enumerate(zip(records, turns, strict=True))
            if turn is not None and _may_return(record)
        ]
        return [*records, *self._validate(self._mended(returned))]

    def _request(self, operator: AskingOperator, record: Record, place: int, turn: Turn) -> Request:
        briefing = Briefing(turn.contract, {}, [turn.view(record)], beside=turn.beside(record))
        return self._authors.request_to(
            record.candidate.model, operator, briefing, "repair", record.generation, place
        )

    def _mended(self, returned: Sequence[_Return]) -> list[Record]:
        exchanges = self._authors.ask([each.request for each in returned])
        found: list[Record] = []
        for (refused, _, turn), exchange in zip(returned, exchanges, strict=True):
            if exchange.reply is None:
                continue  # nothing came back, and nothing is lost
            record = self._authors.record(
                exchange, REPAIR, [refused.id], refused.generation, turn.contract
            )
            record = replace(record, candidate=turn.whole(record.candidate, refused))
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
