"""What is said to a language model and what it says, as data.

A request's key is a hash of all that decides the reply, its own seed included, so that two equal
prompts of a campaign are two requests. Where a model is served and with which key is no part of it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple


class Prompt(NamedTuple):
    """What an operator asks: who the model is to be, and the task."""

    system: str
    user: str


@dataclass(frozen=True)
class Request:
    """One question to one model.

    Attributes:
        model: the model's name in the configuration.
        model_id: what the server calls it.
        prompt: system and user message.
        seed: of the model's sampling, in [0, 2³¹).
        temperature: None leaves it to the server.
        max_tokens: bound on the reply.
        grammar: GBNF that the reply must keep; empty for none.
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
    """What a model said.

    Attributes:
        text: the message; empty where the server withheld it.
        finish: why it ended: "stop", "length" (cut at the token limit), "content_filter", or
            "oversized" (we stopped reading).
        model: what the server says that answered.
        prompt_tokens: tokens of the request, as the server counts.
        completion_tokens: tokens of the reply, thinking included.
    """

    text: str
    finish: str
    model: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it, as history keeps it.

    Attributes:
        request: what was asked.
        reply: None where the request was given up.
        attempts: HTTP requests it took; 0 where it was not sent because the endpoint is down.
        cost_usd: price of prompt and reply.
        seconds: wall time from the first attempt to the end of the last.
        error: why it was given up.
        replayed: whether the reply was taken from another campaign's history.
        final: False where the request is still open: it was sent in vain, and a resumed campaign
            sends it again.
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
    """What a campaign, or one model of it, has asked for and paid so far."""

    requests: int = 0
    replayed: int = 0
    given_up: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    def plus(self, exchange: Exchange) -> "Spent":
        """The sum with one more exchange; a replayed one cost nothing this time."""
        if exchange.replayed:
            return self._replace(replayed=self.replayed + 1)
        reply = exchange.reply
        return Spent(
            self.requests + exchange.attempts,
            self.replayed,
            self.given_up + (reply is None and exchange.final),
            self.prompt_tokens + (reply.prompt_tokens if reply else 0),
            self.completion_tokens + (reply.completion_tokens if reply else 0),
            self.cost_usd + exchange.cost_usd,
        )
