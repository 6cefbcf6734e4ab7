"""Cost of requests to language models: in total, and by model, operator, generation, discovery.

A cost is null where the price of any part of it is unknown: never zero, and never a part that looks
like the whole. What could be known of it is in `known_usd`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.history.replies import Replies
from evo.core.messages import Spent
from evo.core.records import Record
from evo.selection.individual import has_merit


@dataclass
class _Cost:
    """Dollars so far; NaN once a part is unknown."""

    replies: int = 0
    dollars: float = 0.0
    known: float = 0.0

    def take(self, cost_usd: float) -> None:
        self.replies += 1
        self.dollars += cost_usd
        self.known += 0.0 if math.isnan(cost_usd) else cost_usd

    def facts(self) -> dict[str, Any]:
        unknown = math.isnan(self.dollars)
        return {
            "replies": self.replies,
            "cost_usd": None if unknown else self.dollars,
            "known_usd": self.known,
        }


class Spending:
    """Costs of the records so far, of those that a language model wrote."""

    def __init__(self) -> None:
        self._total = _Cost()
        self._operators: dict[str, _Cost] = {}
        self._generations: dict[int, _Cost] = {}
        self._discoveries = 0

    def take(self, record: Record) -> None:
        """Count a record; one that no model wrote for this campaign counts for nothing."""
        if not record.candidate.model or record.is_inherited:
            return
        self._total.take(record.cost_usd)
        operator = self._operators.setdefault(record.candidate.operator, _Cost())
        operator.take(record.cost_usd)
        self._generations.setdefault(record.generation, _Cost()).take(record.cost_usd)
        if record.score is not None and has_merit(record):
            self._discoveries += 1

    def facts(self, replies: Replies) -> dict[str, Any] | None:
        """Costs by author and generation; None where no model was asked.

        Args:
            replies: the campaign's. Costs by model are of all requests, those of a generation in
                progress and those without a component among them.
        """
        if not replies.spent:
            return None
        total = self._total.facts()["cost_usd"]
        share = None if total is None or not self._discoveries else total / self._discoveries
        return {
            "models": {name: spent_facts(spent) for name, spent in sorted(replies.spent.items())},
            "operators": {name: cost.facts() for name, cost in sorted(self._operators.items())},
            "generations": {
                str(number): cost.facts() for number, cost in sorted(self._generations.items())
            },
            "discoveries": self._discoveries,
            "usd_per_discovery": share,
        }


def spent_facts(spent: Spent) -> dict[str, Any]:
    """The fields of a sum by name; its cost is null where a part of it is unknown."""
    fields: Mapping[str, Any] = spent._asdict()
    if not spent.unpriced:
        return dict(fields)
    return {**fields, "cost_usd": None, "known_usd": spent.cost_usd}
