"""Asks language models: many at once, in time, within budget, and never twice for the same reply.

A reply is in history before anyone sees it. A request that history knows is not sent. What cannot
be had is given up after some attempts and kept as such; an endpoint from which nothing can be had
any more stops the campaign, or is left alone, as configured.
"""

import asyncio
import threading
from asyncio import CancelledError
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from archive.replies import Replies
from evo.dialogue import Exchange, Reply, Request
from evo.errors import BudgetReachedError, EvoError
from evo.providers.base import Provider, ProviderError
from evo.providers.settings import LlmSettings, Model


class EndpointDeadError(EvoError):
    """A model cannot be had; everything is saved."""


@dataclass
class _Line:
    """One model's endpoint as it goes."""

    model: Model
    provider: Provider
    failed: list[Exchange] = field(default_factory=list[Exchange])
    """Given up since the last reply, and not in history yet."""
    failed_in_a_row: int = 0
    is_dead: bool = False
    is_probed: bool = False
    not_before: float = 0.0


class Correspondent:
    """Asks the models of a campaign; a context manager with a thread of its own.

    Args:
        settings: models, limits and budget.
        providers: where each model is asked, by its label.
        replies: the campaign's, open for adding.
        deadline: on the monotonic clock, after which nothing is asked.
    """

    def __init__(
        self,
        settings: LlmSettings,
        providers: Mapping[str, Provider],
        replies: Replies,
        *,
        deadline: float | None = None,
    ) -> None:
        self._settings = settings
        self._replies = replies
        self._lines = {
            model.label: _Line(model, providers[model.label]) for model in settings.models
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._changed = asyncio.Condition()
        self._begun: deque[float] = deque()
        self._open: dict[Request, int] = {}
        self._stopped: EvoError | None = None
        self._deadline = deadline
        self._is_closed = False

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """What came of each request, in order; safe from any thread, one call at a time.

        Raises:
            BudgetReachedError: the budget does not reach; what was had is in history.
            EndpointDeadError: a model cannot be had, and the campaign is to stop then.
            HistoryError: the disk refused.
        """
        if self._is_closed:
            raise CancelledError  # somebody in another thread has not heard of the end yet
        return self._wait(self._ask(requests))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for line in self._lines.values():
            await line.provider.close()

    async def _ask(self, requests: Sequence[Request]) -> list[Exchange]:
        for line in self._lines.values():
            line.is_probed = False
        # An error of one, such as a full disk, cancels the others.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._exchange(request)) for request in requests]
        if self._stopped is not None:
            for line in self._lines.values():
                self._reopen(line)
            raise self._stopped
        for line in self._lines.values():
            self._settle(line)
        found = [task.result() for task in tasks]
        return [exchange for exchange in found if exchange is not None]

    async def _exchange(self, request: Request) -> Exchange | None:
        """What came of a request; None where the campaign stops first."""
        if (known := self._replies.get(request.key)) is not None:
            return known
        line = self._lines[request.model]
        async with self._places:
            if self._stopped is not None:
                return None
            if line.is_dead:
                if line.is_probed:
                    return self._keep(Exchange(request, None, 0, error="the endpoint is down"))
                line.is_probed = True
            return await self._attempt(request, line)

    async def _attempt(self, request: Request, line: _Line) -> Exchange | None:
        start = self._loop.time()
        most = 1 if line.is_dead else self._settings.attempts
        self._open[request] = 0
        try:
            for attempt in range(1, most + 1):
                if not await self._admitted(request, line):
                    return None
                self._open[request] = attempt
                try:
                    reply = await line.provider.complete(request)
                except ProviderError as error:
                    wait_s = self._wait_s(error, attempt, request)
                    if attempt < most and wait_s is not None:
                        line.not_before = max(
                            line.not_before,
                            self._loop.time() + (wait_s if error.retry_after_s else 0.0),
                        )
                        await asyncio.sleep(wait_s)
                        continue
                    seconds = self._loop.time() - start
                    given_up = Exchange(request, None, attempt, 0.0, seconds, error=str(error))
                    self._open[request] = 0
                    return self._failed(line, given_up, fatal=error.fatal)
                seconds = self._loop.time() - start
                self._open[request] = 0
                return self._answered(line, request, reply, attempt, seconds)
            raise AssertionError("the last attempt returns")
        finally:
            # Sent in vain and to be sent again: the campaign stops, or is interrupted.
            if attempts := self._open.pop(request):
                vain = Exchange(request, None, attempts, error="interrupted", final=False)
                self._replies.add(vain)
            async with self._changed:
                self._changed.notify_all()

    def _wait_s(self, error: ProviderError, attempt: int, request: Request) -> float | None:
        """How long to wait before the next attempt; None where none would help."""
        if not error.again:
            return None
        if error.retry_after_s is not None:
            within = error.retry_after_s <= self._settings.wait_most_s
            return error.retry_after_s if within else None
        # Spread, so that those who failed together do not come back together.
        spread = 0.75 + 0.5 * (request.seed % 1000) / 1000
        return min(self._settings.wait_s * 2 ** (attempt - 1) * spread, self._settings.wait_most_s)

    async def _admitted(self, request: Request, line: _Line) -> bool:
        """Whether a request may be sent now, waiting for its turn; False where all stops."""
        while (pause := self._turn(line)) > 0:
            await asyncio.sleep(pause)
        async with self._changed:
            while (problem := self._over_budget(request)) and self._others_open(request):
                await self._changed.wait()  # what they do not use is left for us
        if problem and self._stopped is None:
            self._stopped = BudgetReachedError(problem)
        if self._stopped is not None:
            return False
        self._begun.append(self._loop.time())
        return True

    def _turn(self, line: _Line) -> float:
        """Seconds until the limits of rate and the endpoint's own wishes let one more begin."""
        now = self._loop.time()
        pause = line.not_before - now
        limit = self._settings.requests_per_minute
        while self._begun and self._begun[0] <= now - 60:
            self._begun.popleft()
        if limit and len(self._begun) >= limit:
            pause = max(pause, self._begun[-limit] + 60 - now)
        return pause

    def _others_open(self, request: Request) -> bool:
        return any(attempts for other, attempts in self._open.items() if other is not request)

    def _over_budget(self, request: Request) -> str:
        """What budget one more request could exceed, with all that are on their way; or nothing."""
        budget, spent = self._settings.budget, self._replies.total
        pending = [other for other, attempts in self._open.items() if attempts]
        asked = [*pending, request] if request not in pending else pending
        tokens = sum(_most_tokens(each) for each in asked)
        dollars = sum(self._most_dollars(each) for each in asked)
        sent = sum(self._open.values())
        used = spent.prompt_tokens + spent.completion_tokens
        if budget.requests and spent.requests + sent + 1 > budget.requests:
            return f"Budget reached: {spent.requests} of {budget.requests} requests are spent."
        if budget.tokens and used + tokens > budget.tokens:
            return f"Budget reached: {used:,} of {budget.tokens:,} tokens are spent."
        if budget.dollars and spent.cost_usd + dollars > budget.dollars:
            return f"Budget reached: ${spent.cost_usd:.4f} of ${budget.dollars:g} are spent."
        if self._deadline is not None and self._loop.time() >= self._deadline:
            return f"Budget reached: {budget.hours:g} hours have passed."
        return ""

    def _most_dollars(self, request: Request) -> float:
        model = self._lines[request.model].model
        return model.price(_prompt_tokens(request), request.max_tokens)

    def _answered(
        self, line: _Line, request: Request, reply: Reply, attempts: int, seconds: float
    ) -> Exchange:
        self._settle(line)
        line.failed_in_a_row, line.is_dead = 0, False
        cost = line.model.price(reply.prompt_tokens, reply.completion_tokens)
        return self._keep(Exchange(request, reply, attempts, cost, seconds))

    def _failed(self, line: _Line, given_up: Exchange, *, fatal: bool) -> Exchange | None:
        line.failed_in_a_row += 1
        line.failed.append(given_up)
        if fatal or line.failed_in_a_row >= self._settings.patience:
            line.is_dead = True
            if self._settings.when_dead == "stop":
                self._reopen(line)
                self._stopped = self._stopped or EndpointDeadError(
                    f"The model {line.model.label!r} cannot be had: {given_up.error}. "
                    "Everything is saved; evo resume goes on once it can be. "
                    'With llm.when_dead = "tree" syntax-tree operators would go on alone.'
                )
                return None
        return given_up

    def _settle(self, line: _Line) -> None:
        """Those that were given up stay given up."""
        for exchange in line.failed:
            self._keep(exchange)
        line.failed.clear()

    def _reopen(self, line: _Line) -> None:
        """Those that were given up are asked for again when the campaign goes on."""
        for exchange in line.failed:
            self._replies.add(replace(exchange, final=False))
        line.failed.clear()

    def _keep(self, exchange: Exchange) -> Exchange:
        self._replies.add(exchange)
        return exchange


def _prompt_tokens(request: Request) -> int:
    """A bound, as good as certain, on the tokens of a prompt: two characters each."""
    return sum(map(len, request.prompt)) // 2 + 16


def _most_tokens(request: Request) -> int:
    return _prompt_tokens(request) + request.max_tokens
