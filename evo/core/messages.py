"""Requests to language models, their replies and costs, as data.

A request's key is a hash of all that determines the reply, its seed included, so that two equal
prompts of a campaign are two requests. The endpoint and its API key are not part of it.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple


class Prompt(NamedTuple):
    """The system and user message of an operator."""

    system: str
    user: str


@dataclass(frozen=True)
class Request:
    """One question to one model.

    Attributes:
        model: the model's name in the configuration.
        model_id: the server's name for it.
        prompt: system and user message.
        seed: seed of the model's sampling, in [0, 2³¹).
        temperature: sampling temperature; None for the server's default.
        max_tokens: largest length of the reply.
        grammar: GBNF grammar that the reply must follow; empty for none.
    """

    model: str
    model_id: str
    prompt: Prompt
    seed: int
    temperature: float | None
    max_tokens: int
    grammar: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of the request, 64 hexadecimal digits."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Reply:
    """A model's reply.

    Attributes:
        text: the message; empty where the server withheld it.
        finish: reason why it ended: "stop", "length" (cut at the token limit), "thoughts" (it
            thought and did not answer), "content_filter", or "oversized" (we stopped reading).
        model: name of the model that answered, by the server.
        prompt_tokens: tokens of the request, counted by the server.
        completion_tokens: tokens of the reply, reasoning included.
        cost_usd: dollars that the reply itself states; None where it states none.
    """

    text: str
    finish: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = None

    def after(self, cut: "Reply | None") -> "Reply":
        """The reply with the tokens of one to the same request that was cut off before it."""
        if cut is None:
            return self
        return replace(
            self,
            prompt_tokens=cut.prompt_tokens + self.prompt_tokens,
            completion_tokens=cut.completion_tokens + self.completion_tokens,
        )


@dataclass(frozen=True)
class Exchange:
    """A request and its result, as the history stores it.

    Attributes:
        request: the request.
        reply: the reply; None where the request was given up.
        attempts: number of HTTP requests; 0 where none was sent because the endpoint is down.
        cost_usd: price of prompt and reply; NaN where the price of the model is unknown.
        seconds: wall time from the first attempt to the end of the last.
        error: reason why it was given up.
        replayed: True where the reply was taken from another campaign's history.
        final: False where the request failed and a resumed campaign sends it again.
    """

    request: Request
    reply: Reply | None
    attempts: int
    cost_usd: float = 0.0
    seconds: float = 0.0
    error: str = ""
    replayed: bool = False
    final: bool = True


class Spent(NamedTuple):
    """Requests, tokens and cost of a campaign, or of one model of it, so far.

    Attributes:
        requests: HTTP requests, retries among them.
        replayed: replies taken from another campaign, which cost nothing.
        given_up: requests without a reply.
        prompt_tokens: tokens of the requests that were answered.
        completion_tokens: tokens of the replies.
        cost_usd: dollars, as far as prices are known.
        unpriced: replies of an unknown price, which `cost_usd` leaves out.
    """

    requests: int = 0
    replayed: int = 0
    given_up: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    def plus(self, exchange: Exchange) -> "Spent":
        """Add an exchange; a replayed one costs nothing."""
        if exchange.replayed:
            return self._replace(replayed=self.replayed + 1)
        reply = exchange.reply
        is_priced = not math.isnan(exchange.cost_usd)
        return Spent(
            self.requests + exchange.attempts,
            self.replayed,
            self.given_up + (reply is None and exchange.final),
            self.prompt_tokens + (reply.prompt_tokens if reply else 0),
            self.completion_tokens + (reply.completion_tokens if reply else 0),
            self.cost_usd + (exchange.cost_usd if is_priced else 0.0),
            self.unpriced + (not is_priced),
        )
