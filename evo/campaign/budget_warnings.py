"""Warnings when half, and four fifths, of a budget are used up.

They depend on what is spent, not on what a process remembers: one that resumes warns once more of
the highest share that is passed.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from evo.campaign.events import BudgetWarning
from evo.core.messages import Spent
from evo.llm.settings import LlmBudget

SHARES = (0.8, 0.5)
"""Shares of a budget that are worth a warning, the highest first."""


class Use(NamedTuple):
    """Use of one budget so far.

    Attributes:
        used: so far.
        limit: 0 is no limit.
        shown: the format of what is used, such as `${:.2f}`.
        limit_shown: the format of the limit; empty where it is the same.
        unit: what is counted; empty where the format says it.
        unpriced: replies of unknown price, which `used` leaves out.
    """

    used: float
    limit: float
    shown: str = "{:,}"
    unit: str = ""
    limit_shown: str = ""
    unpriced: int = 0

    @property
    def words(self) -> str:
        """The use in words.

        >>> Use(12, 0, unit="requests").words, Use(0.5, 2.0, "${:.2f}").words
        ('12 requests', '$0.50 of $2.00')
        """
        words = self.shown.format(self.used)
        if self.limit:
            words += f" of {(self.limit_shown or self.shown).format(self.limit)}"
        return f"{words} {self.unit}".rstrip()


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
        budget: LlmBudget,
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
        for name, use in self.uses().items():
            share = next((s for s in SHARES if use.limit and use.used >= s * use.limit), 0.0)
            if share > self._warned.get(name, 0.0):
                self._warned[name] = share
                message = f"{share:.0%} of the budget are used up: {use.words}."
                yield BudgetWarning(generation, name, share, message)

    def uses(self) -> dict[str, Use]:
        """Use of every budget so far, by name."""
        budget, spent = self._budget, self._spent()
        tokens = spent.prompt_tokens + spent.completion_tokens
        dollars = spent.cost_usd, budget.dollars
        return {
            "requests": Use(spent.requests, budget.requests, unit="requests"),
            "tokens": Use(tokens, budget.tokens, unit="tokens"),
            "dollars": Use(*dollars, "${:.2f}", unpriced=spent.unpriced),
            "trainings": Use(self._trainings(), budget.trainings, unit="trainings"),
            "hours": Use(self._hours(), budget.hours, "{:.1f}", unit="hours", limit_shown="{:g}"),
        }
