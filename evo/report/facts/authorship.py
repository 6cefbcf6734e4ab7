"""The funnel, the win rates and the cost per operator and per language model."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evo.core.records import Record, Status


@dataclass
class _Tally:
    """Counts of the candidates of one operator or model so far."""

    proposed: int = 0
    valid: int = 0
    new: int = 0
    evaluated: int = 0
    cost_usd: float = 0.0
    top_rung: int = -1
    b_wrs: list[float] = field(default_factory=list[float])
    """Of the candidates at `top_rung`."""

    def take(self, record: Record, cost_usd: float) -> None:
        self.proposed += 1
        self.valid += record.status is not Status.INVALID
        self.new += record.status not in (Status.INVALID, Status.DUPLICATE)
        self.cost_usd += cost_usd
        if record.score is None:
            return
        self.evaluated += 1
        if record.score.rung > self.top_rung:
            self.top_rung, self.b_wrs = record.score.rung, []
        if record.score.rung == self.top_rung:
            self.b_wrs.append(record.score.b_wr.value)

    def facts(self, top: int) -> dict[str, Any]:
        full = self.b_wrs if self.top_rung == top else []
        return {
            "proposed": self.proposed,
            "valid": self.valid,
            "new": self.new,
            "evaluated": self.evaluated,
            "full": len(full),
            "b_wr_mean": sum(full) / len(full) if full else None,
            "b_wr_best": max(full, default=None),
            "cost_usd": None if math.isnan(self.cost_usd) else self.cost_usd,
        }


class Authorship:
    """Tallies per operator and per model of the proposals so far."""

    def __init__(self) -> None:
        self._tallies: dict[str, dict[str, _Tally]] = {"operators": {}, "models": {}}

    def take(self, record: Record) -> None:
        """Count a record; baselines, and what the campaign began with, count for nobody."""
        if not record.is_proposal or record.is_inherited:
            return
        candidate = record.candidate
        self._tallies["operators"].setdefault(candidate.operator, _Tally()).take(
            record, record.cost_usd
        )
        models = self._tallies["models"]
        idea = record.idea_cost_usd
        if candidate.model:
            models.setdefault(candidate.model, _Tally()).take(record, record.cost_usd - idea)
        if candidate.idea_model:
            models.setdefault(candidate.idea_model, _Tally()).take(record, idea)

    def facts(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Facts by name, under `operators` and `models`; win rates of those trained in full."""
        operators = self._tallies["operators"].values()
        top = max((tally.top_rung for tally in operators), default=-1)
        return {
            author_type: {name: tally.facts(top) for name, tally in sorted(by_name.items())}
            for author_type, by_name in self._tallies.items()
        }


def authorship_facts(records: Iterable[Record]) -> dict[str, dict[str, dict[str, Any]]]:
    """The facts of `Authorship` for some records."""
    authorship = Authorship()
    for record in records:
        authorship.take(record)
    return authorship.facts()
