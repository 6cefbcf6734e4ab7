"""Ask language models over the network: concurrently, within budget, and never twice.

A reply is in history before it is returned, and a request that history has answered is not sent. A
request fails for good after some attempts, and the failure is kept; a dead endpoint stops the
campaign, or is no longer asked, as configured.
"""

import asyncio
import threading
from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Self

from archive.history.replies import Replies
from evo.core.errors import BudgetReachedError, EvoError
from evo.core.messages import Exchange, Reply, Request
from evo.llm import refusals
from evo.llm.endpoint import Endpoint
from evo.llm.limits import RequestLimits
from evo.llm.providers.base import Provider, ProviderError
from evo.llm.settings import LlmSettings


class OnlineClient:
    """The client of a campaign's models; a context manager with a thread of its own.

    Args:
        settings: models, limits and budget.
        providers: send the requests, by the model's label.
        replies: the campaign's, open for adding.
        others: of further campaigns; what they were asked is not asked again.
        is_late: says whether the campaign's hours are used up; then no request is sent.
    """

    def __init__(
        self,
        settings: LlmSettings,
        providers: Mapping[str, Provider],
        replies: Replies,
        *,
        others: Sequence[Replies] = (),
        is_late: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._providers = providers
        self._replies = replies
        self._others = others
        self._endpoints = {
            model.label: Endpoint(
                model, providers[model.label], replies, patience=settings.patience
            )
            for model in settings.models
        }
        refusals.recall(replies.path.parent, providers)
        self._limits = RequestLimits(settings, replies, is_late)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._changed = asyncio.Condition()
        self._stopped: EvoError | None = None
        self._is_closed = False

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """The exchange of each request, in order; safe from any thread, one call at a time.

        Raises:
            BudgetReachedError: the budget is too small; replies so far are in history.
            EndpointDeadError: an endpoint is dead, and the campaign is configured to stop.
            HistoryError: the disk refused.
        """
        if self._is_closed:
            raise CancelledError  # another thread asks while this one closes
        return self._wait(self._ask(requests))

    @property
    def dead(self) -> Sequence[str]:
        """Names of the models whose endpoint counts as dead."""
        return [label for label, endpoint in self._endpoints.items() if endpoint.is_dead]

    def greet(self) -> None:
        """Send each endpoint a first tiny request, so that what is wrong shows before training.

        With `when_dead = "tree"` a silent endpoint is left to be asked again later.

        Raises:
            BudgetReachedError: the budget is used up.
            EndpointDeadError: an endpoint refuses, or is not there.
        """
        self._wait(self._greet())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        try:
            self._wait(self._end())
        finally:
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
        except BaseExceptionGroup as group:
            # Requests in flight meet the same full disk: one message is enough.
            ours, others = group.split(EvoError)
            if ours is None or others is not None:
                raise
            raise _first(ours) from None

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for endpoint in self._endpoints.values():
            await endpoint.provider.close()
        for endpoint in self._endpoints.values():
            endpoint.reopen()

    async def _ask(self, requests: Sequence[Request]) -> list[Exchange]:
        for endpoint in self._endpoints.values():
            endpoint.is_probed = False
        # An error of one, such as a full disk, cancels the others.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._exchange(request)) for request in requests]
        for endpoint in self._endpoints.values():
            await self._resolve_doubts(endpoint)
        if self._stopped is not None:
            for endpoint in self._endpoints.values():
                endpoint.reopen()
            raise self._stopped
        for endpoint in self._endpoints.values():
            endpoint.settle()
        exchanges = [task.result() for task in tasks]
        return [exchange for exchange in exchanges if exchange is not None]

    async def _greet(self) -> None:
        async with asyncio.TaskGroup() as group:
            for endpoint in self._endpoints.values():
                if endpoint.provider.greets:
                    group.create_task(self._attempt(endpoint.ping, endpoint))
        for endpoint in self._endpoints.values():
            silent = endpoint.doubtful
            endpoint.reopen()
            if silent and self._settings.when_dead == "stop":
                self._stopped = self._stopped or endpoint.unavailable(silent[-1])
        if self._stopped is not None:
            raise self._stopped

    async def _resolve_doubts(self, endpoint: Endpoint) -> None:
        """Ping an endpoint with doubtful failures until it answers or is dead.

        Sending the same request again proves nothing: it may always fail at a living endpoint.
        """
        while endpoint.doubtful and self._stopped is None and self._settings.when_dead == "stop":
            await self._attempt(endpoint.ping, endpoint)

    async def _exchange(self, request: Request) -> Exchange | None:
        """The exchange of a request; None where the campaign stops first."""
        if (known := self._replies.get(request.key)) is not None:
            return known
        if (shared := self._shared(request)) is not None:
            self._replies.add(shared)
            return shared
        endpoint = self._endpoints[request.model]
        async with self._places:
            if self._stopped is not None:
                return None
            if endpoint.is_dead:
                if endpoint.is_probed:
                    unsent = Exchange(request, None, 0, error="the endpoint is down")
                    self._replies.add(unsent)
                    return unsent
                endpoint.is_probed = True
            return await self._attempt(request, endpoint)

    def _shared(self, request: Request) -> Exchange | None:
        """The exchange of a request in another campaign, where a model replied to it."""
        for replies in self._others:
            known = replies.get(request.key)
            if known is not None and known.reply is not None:
                return replace(known, replayed=True)
        return None

    async def _attempt(self, request: Request, endpoint: Endpoint) -> Exchange | None:
        """Ask until there is a reply, or the attempts are used up.

        No library does these retries: each attempt is reserved in the budget before it is sent, one
        that only asks in another form counts as none, and a stop notes those under way in history.
        """
        start = self._loop.time()
        most = 1 if endpoint.is_dead else self._settings.attempts
        open_requests = self._limits.open
        sent = endpoint.sent(request)
        if sent != request and self._limits.over_budget(sent):
            sent = request
        open_requests[sent] = 0
        cut: Reply | None = None  # what was paid for thoughts without an answer
        try:
            for attempt in count(1):
                if not await self._admitted(sent, endpoint):
                    return None
                open_requests[sent] = attempt
                before = endpoint.doubtful
                try:
                    reply = await endpoint.provider.complete(sent)
                except ProviderError as error:
                    if error.is_lesson:
                        most += 1  # asked in another form, which is no second try
                        refusals.keep(self._replies.path.parent, self._providers)
                        continue
                    wait_s = self._wait_s(error, attempt, request)
                    if attempt < most and wait_s is not None:
                        endpoint.not_before = max(
                            endpoint.not_before,
                            self._loop.time() + (wait_s if error.retry_after_s else 0.0),
                        )
                        await asyncio.sleep(wait_s)
                        continue
                    seconds = self._loop.time() - start
                    open_requests[sent] = 0
                    if cut is not None:
                        exchange = endpoint.exchange(request, cut, attempt, seconds)
                        return endpoint.answered(exchange, before=before)
                    given_up = endpoint.exchange(request, None, attempt, seconds)
                    given_up = replace(given_up, error=str(error))
                    return self._failed(endpoint, given_up, fatal=error.fatal)
                reply = reply.after(cut)
                roomy = endpoint.with_more_room(sent, reply) if cut is None else None
                if roomy is not None and not self._limits.over_budget(roomy):
                    open_requests[roomy] = open_requests.pop(sent)
                    sent, cut, most = roomy, reply, most + 1
                    continue
                seconds = self._loop.time() - start
                open_requests[sent] = 0
                exchange = endpoint.exchange(request, reply, attempt, seconds)
                return endpoint.answered(exchange, before=before)
            raise AssertionError("the last attempt returns")
        finally:
            # Sent without a reply, and to be sent again: the campaign stops or is interrupted.
            if attempts := open_requests.pop(sent):
                unanswered = Exchange(request, None, attempts, error="interrupted", final=False)
                self._replies.add(unanswered)
            async with self._changed:
                self._changed.notify_all()

    def _wait_s(self, error: ProviderError, attempt: int, request: Request) -> float | None:
        """Seconds to wait before the next attempt; None where another would not help."""
        if not error.again:
            return None
        if error.retry_after_s is not None:
            within = error.retry_after_s <= self._settings.wait_most_s
            return error.retry_after_s if within else None
        # Jitter from the seed, so that requests that failed together do not return together.
        spread = 0.75 + 0.5 * (request.seed % 1000) / 1000
        return min(self._settings.wait_s * 2 ** (attempt - 1) * spread, self._settings.wait_most_s)

    async def _admitted(self, request: Request, endpoint: Endpoint) -> bool:
        """Wait until a request may be sent; False where the campaign stops instead."""
        limits, now = self._limits, self._loop.time
        while (pause := limits.pause(now(), not_before=endpoint.not_before)) > 0:
            await asyncio.sleep(pause)
        async with self._changed:
            while (problem := limits.over_budget(request)) and limits.others_open(request):
                await self._changed.wait()  # they may use less than is reserved
        if problem and self._stopped is None:
            self._stopped = BudgetReachedError(problem)
        if self._stopped is not None:
            return False
        limits.begin(now())
        return True

    def _failed(self, endpoint: Endpoint, given_up: Exchange, *, fatal: bool) -> Exchange | None:
        endpoint.failed(given_up, fatal=fatal)
        if not endpoint.is_dead or self._settings.when_dead == "tree":
            return given_up
        self._stopped = self._stopped or endpoint.unavailable(given_up)
        return None


def _first(group: BaseExceptionGroup[EvoError]) -> EvoError:
    """The first error of a group, however deep."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
