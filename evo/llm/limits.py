"""What holds requests back: so many a minute, the server's own wishes, and the budget."""

from collections import deque
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
        deadline: after which nothing is asked.
        open: requests on their way, each with how often it has been sent; 0 before the first time.
    """

    settings: LlmSettings
    replies: Replies
    deadline: float | None
    open: dict[Request, int] = field(default_factory=dict[Request, int])
    _begun: deque[float] = field(default_factory=deque[float])

    def begin(self, now: float) -> None:
        """One more is sent."""
        self._begun.append(now)

    def pause(self, now: float, *, not_before: float) -> float:
        """Seconds until one more may begin, as far as the clock decides."""
        pause = not_before - now
        limit = self.settings.requests_per_minute
        while self._begun and self._begun[0] <= now - 60:
            self._begun.popleft()
        if limit and len(self._begun) >= limit:
            pause = max(pause, self._begun[-limit] + 60 - now)
        return pause

    def others_open(self, request: Request) -> bool:
        """Whether another request is on its way, that may leave some of what it could have used."""
        return any(attempts for other, attempts in self.open.items() if other is not request)

    def over_budget(self, request: Request, now: float) -> str:
        """What budget one more request could exceed, with all that are on their way; or nothing."""
        budget, spent = self.settings.budget, self.replies.total
        pending = [other for other, attempts in self.open.items() if attempts]
        asked = [*pending, request] if request not in pending else pending
        tokens = sum(_prompt_tokens(each) + each.max_tokens for each in asked)
        dollars = sum(self._most_dollars(each) for each in asked)
        sent = sum(self.open.values())
        used = spent.prompt_tokens + spent.completion_tokens
        if budget.requests and spent.requests + sent + 1 > budget.requests:
            return f"Budget reached: {spent.requests} of {budget.requests} requests are spent."
        if budget.tokens and used + tokens > budget.tokens:
            return f"Budget reached: {used:,} of {budget.tokens:,} tokens are spent."
        if budget.dollars and spent.cost_usd + dollars > budget.dollars:
            return f"Budget reached: ${spent.cost_usd:.4f} of ${budget.dollars:g} are spent."
        if self.deadline is not None and now >= self.deadline:
            return str(passed(budget.hours))
        return ""

    def _most_dollars(self, request: Request) -> float:
        (model,) = (model for model in self.settings.models if model.label == request.model)
        return model.price(_prompt_tokens(request), request.max_tokens)


def _prompt_tokens(request: Request) -> int:
    """A bound, as good as certain, on the tokens of a prompt: two characters each."""
    return sum(map(len, request.prompt)) // 2 + 16


def passed(hours: float) -> BudgetReachedError:
    """What says that a campaign's hours are over."""
    return BudgetReachedError(f"Budget reached: {hours:g} hours have passed, all runs together.")
