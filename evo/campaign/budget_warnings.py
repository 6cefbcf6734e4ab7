"""Warnings when half, and four fifths, of a budget are used up.

They depend on what is spent, not on what a process remembers: one that resumes warns once more of
the highest share that is passed.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from evo.campaign.events import BudgetWarning
from evo.core.messages import Spent
from evo.llm.settings import Budget

SHARES = (0.8, 0.5)
"""Shares of a budget that are worth a warning, the highest first."""


class _Use(NamedTuple):
    """Use of one budget so far, and its limit; 0 is no limit."""

    used: float
    limit: float
    words: str


class BudgetWatch:
    """Warns of each share of each budget once.

    Args:
        budget: the limits.
        spent: what requests have used so far.
        hours: wall time so far, all runs together.
        trainings: candidates trained so far.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        spent: Callable[[], Spent],
        hours: Callable[[], float],
        trainings: Callable[[], int] = lambda: 0,
    ) -> None:
        self._budget = budget
        self._spent = spent
        self._hours = hours
        self._trainings = trainings
        self._warned: dict[str, float] = {}

    def __call__(self, generation: int) -> Iterator[BudgetWarning]:
        """Yield the warnings that are due in a generation."""
        for name, use in self._uses().items():
            share = next((s for s in SHARES if use.limit and use.used >= s * use.limit), 0.0)
            if share > self._warned.get(name, 0.0):
                self._warned[name] = share
                message = f"{share:.0%} of the budget are used up: {use.words}."
                yield BudgetWarning(generation, name, share, message)

    def _uses(self) -> dict[str, _Use]:
        budget, spent, hours = self._budget, self._spent(), self._hours()
        tokens = spent.prompt_tokens + spent.completion_tokens
        trainings = self._trainings()
        return {
            "requests": _Use(
                spent.requests,
                budget.requests,
                f"{spent.requests:,} of {budget.requests:,} requests",
            ),
            "tokens": _Use(tokens, budget.tokens, f"{tokens:,} of {budget.tokens:,} tokens"),
            "dollars": _Use(
                spent.cost_usd,
                budget.dollars,
                f"${spent.cost_usd:.2f} of ${budget.dollars:.2f}",
            ),
            "trainings": _Use(
                trainings, budget.trainings, f"{trainings:,} of {budget.trainings:,} trainings"
            ),
            "hours": _Use(hours, budget.hours, f"{hours:.1f} of {budget.hours:g} hours"),
        }
