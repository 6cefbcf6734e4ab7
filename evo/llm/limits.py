"""Limits on requests: rate per minute, the server's Retry-After, and the budget."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from archive.history.replies import Replies
from evo.core.errors import BudgetReachedError
from evo.core.messages import Request
from evo.llm.settings import LlmSettings


@dataclass
class RequestLimits:
    """The limits of a campaign's requests, all models together; times are the event loop's.

    Attributes:
        settings: the limits.
        replies: the campaign's, with what is spent.
        is_late: says whether the campaign's hours are used up; then no request is sent.
        open: requests in progress, each with the number of times it has been sent.
    """

    settings: LlmSettings
    replies: Replies
    is_late: Callable[[], bool]
    open: dict[Request, int] = field(default_factory=dict[Request, int])
    _begun: deque[float] = field(default_factory=deque[float])

    def begin(self, now: float) -> None:
        """Count one more request."""
        self._begun.append(now)

    def pause(self, now: float, *, not_before: float) -> float:
        """Seconds until one more request may begin; zero or less where it may begin now."""
        pause = not_before - now
        limit = self.settings.requests_per_minute
        while self._begun and self._begun[0] <= now - 60:
            self._begun.popleft()
        if limit and len(self._begun) >= limit:
            pause = max(pause, self._begun[-limit] + 60 - now)
        return pause

    def others_open(self, request: Request) -> bool:
        """True if another request is in progress, which may use less than is reserved for it."""
        return any(attempts for other, attempts in self.open.items() if other is not request)

    def over_budget(self, request: Request) -> str:
        """The budget that one more request could exceed, as a message; empty where none."""
        budget, spent = self.settings.budget, self.replies.total
        pending = [other for other, attempts in self.open.items() if attempts]
        reserved = [*pending, request] if request not in pending else pending
        tokens = sum(_prompt_tokens(other) + other.max_tokens for other in reserved)
        dollars = sum(self._most_dollars(other) for other in reserved)
        sent = sum(self.open.values())
        used = spent.prompt_tokens + spent.completion_tokens
        if budget.requests and spent.requests + sent + 1 > budget.requests:
            return f"Budget reached: {spent.requests} of {budget.requests} requests are spent."
        if budget.tokens and used + tokens > budget.tokens:
            return f"Budget reached: {used:,} of {budget.tokens:,} tokens are spent."
        if budget.dollars and spent.cost_usd + dollars > budget.dollars:
            return f"Budget reached: ${spent.cost_usd:.4f} of ${budget.dollars:g} are spent."
        if self.is_late():
            return str(passed(budget.hours))
        return ""

    def _most_dollars(self, request: Request) -> float:
        (model,) = (model for model in self.settings.models if model.label == request.model)
        return model.price(_prompt_tokens(request), request.max_tokens)


def _prompt_tokens(request: Request) -> int:
    """A safe upper bound on the tokens of a prompt: one per two characters."""
    return sum(map(len, request.prompt)) // 2 + 16


def passed(hours: float) -> BudgetReachedError:
    """The error of a campaign whose hours are used up."""
    return BudgetReachedError(f"Budget reached: {hours:g} hours have passed, all runs together.")
