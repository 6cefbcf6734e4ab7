"""State of one model's endpoint: alive or dead, and which failed requests are still in doubt.

A request may fail because of itself, or because the endpoint is down. Which of the two shows later:
a reply to a request that was sent afterwards proves that the endpoint was up, and the failure is
final. Until then it is in doubt, and history does not hold it. So a campaign that was stopped by a
dead endpoint sends all doubtful requests again when it resumes, as if the endpoint had never been
down.
"""

from collections.abc import Sequence
from dataclasses import replace

from archive.history.replies import Replies
from evo.core.errors import EvoError
from evo.core.messages import Exchange, Prompt, Reply, Request
from evo.core.thoughts import without_thoughts
from evo.llm.providers.base import Provider
from evo.llm.settings import ModelSettings

_PING = Prompt("You answer in one word.", "Are you there?")
_PING_TOKENS = 64


class EndpointDeadError(EvoError):
    """The endpoint of a model is dead; everything is saved.

    Args:
        message: what happened and what to do.
        reason: of the endpoint, in its own words.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Endpoint:
    """The endpoint of one model.

    Args:
        model: the model.
        provider: sends its requests.
        replies: the campaign's, open for adding.
        patience: number of failed requests in a row after which it counts as dead.

    Attributes:
        not_before: time, on the loop's clock, before which the server wants no request.
        is_dead: whether it counts as down.
        is_probed: whether a dead endpoint has been tried in this round.
        is_roomy: whether its model has needed more room for its thoughts than it was given.
    """

    def __init__(
        self, model: ModelSettings, provider: Provider, replies: Replies, *, patience: int
    ) -> None:
        self.model = model
        self.provider = provider
        self.not_before = 0.0
        self.is_dead = False
        self.is_probed = False
        self.is_roomy = False
        self._replies = replies
        self._patience = patience
        self._doubtful: list[Exchange] = []
        self._in_a_row = 0

    @property
    def doubtful(self) -> Sequence[Exchange]:
        """Failed requests after which no later request has been answered."""
        return tuple(self._doubtful)

    @property
    def ping(self) -> Request:
        """A request so simple that its failure means a dead endpoint."""
        model = self.model
        most = min(_PING_TOKENS, model.max_tokens)
        return Request(model.label, model.model, _PING, 0, model.temperature, most)

    def sent(self, request: Request) -> Request:
        """The request as it is sent: with more room, where its model has needed it before."""
        return self._roomy(request) if self.is_roomy else request

    def with_more_room(self, sent: Request, reply: Reply) -> Request | None:
        """A request once more, where its reply was cut off in thoughts; None where that is all."""
        roomy = self._roomy(sent)
        is_cut = reply.finish == "length" and (
            not reply.text.strip() or without_thoughts(reply.text).is_cut
        )
        if not is_cut or sent.prompt == _PING or roomy.max_tokens <= sent.max_tokens:
            return None
        self.is_roomy = True
        return roomy

    def exchange(
        self, request: Request, reply: Reply | None, attempts: int, seconds: float
    ) -> Exchange:
        """A request with its reply, None where it is given up, and what all attempts cost."""
        if reply is None:
            cost = (self.model.price_call or 0.0) * attempts
        elif reply.cost_usd is not None:
            cost = reply.cost_usd + (self.model.price_call or 0.0) * (attempts - 1)
        else:
            tokens = reply.prompt_tokens, reply.completion_tokens
            cost = self.model.price(*tokens, calls=attempts)
        return Exchange(request, reply, attempts, cost, seconds)

    def _roomy(self, request: Request) -> Request:
        if request.prompt == _PING:
            return request
        return replace(request, max_tokens=max(request.max_tokens, self.model.most_tokens))

    def answered(self, exchange: Exchange, *, before: Sequence[Exchange]) -> Exchange:
        """Keep a reply; failures that were in doubt before its request was sent become final."""
        for given_up in before:
            if given_up in self._doubtful:
                self._doubtful.remove(given_up)
                self._keep(given_up)
        self._in_a_row, self.is_dead = len(self._doubtful), False
        return self._keep(exchange)

    def failed(self, given_up: Exchange, *, fatal: bool) -> None:
        """Record a failed request; it is in doubt."""
        self._doubtful.append(given_up)
        self._in_a_row += 1
        self.is_dead = self.is_dead or fatal or self._in_a_row >= self._patience

    def unavailable(self, given_up: Exchange) -> EndpointDeadError:
        """The error that stops a campaign after a failed request."""
        reason = given_up.error.rstrip(".")
        return EndpointDeadError(
            f"The model {self.model.label!r} is unavailable: {reason}. "
            "Everything is saved; resume the campaign once it answers. "
            'With llm.when_dead = "tree" the syntax-tree operators would continue alone.',
            reason=reason,
        )

    def settle(self) -> None:
        """Make the doubtful failures final."""
        for given_up in self._doubtful:
            self._keep(given_up)
        self._doubtful.clear()

    def reopen(self) -> None:
        """Mark the doubtful requests to be sent again on resume; they count as sent."""
        for given_up in self._doubtful:
            self._replies.add(replace(given_up, final=False))
        self._doubtful.clear()

    def _keep(self, exchange: Exchange) -> Exchange:
        # A ping is paid for, and never looked up again.
        final = exchange.request.prompt != _PING
        self._replies.add(replace(exchange, final=final))
        return exchange
