"""Configuration of the language models of a campaign: endpoints, limits and budget."""

import math
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    JsonValue,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from evo.core.frozen import Frozen

_SECRETS = frozenset({"api_key", "apikey", "authorization", "key", "password", "secret", "token"})


class ModelSettings(Frozen):
    """One language model and where it is served."""

    name: Annotated[str, Field(pattern=r"^[\w./:@+-]{0,80}$")] = ""
    """Name in history and tables; the last part of `model` by default."""
    provider: str = "openai"
    """`openai`: any OpenAI-compatible endpoint; `xllamacpp`: a GGUF file on this machine;
    `command`: a program, such as a coding agent."""
    model: Annotated[str, Field(min_length=1)]
    """Model name that the server knows; for `xllamacpp` the path of a GGUF file; for `command` any
    name."""
    role: Literal["any", "idea", "write"] = "any"
    """`any`: it has the idea and writes it; `idea`: it has the idea, in words, which a model of the
    role `write` writes and repairs."""
    base_url: str = ""
    """The endpoint, such as http://127.0.0.1:11434/v1; empty for OpenAI's own."""
    key_env: Annotated[str, Field(pattern=r"^([A-Z_][A-Z0-9_]*)?$")] = ""
    """NAME of the environment variable that holds the key; empty where none is needed."""
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    """Sampling temperature; unset leaves it to the server."""
    max_tokens: PositiveInt = 2048
    """Longest reply in tokens, including reasoning tokens."""
    retry_tokens: NonNegativeInt | None = None
    """Longest reply that is allowed at a second try where the model thought up to `max_tokens` and
    gave no answer. Unset: four times as long; 0 for no second try."""
    effort: Literal["", "none", "minimal", "low", "medium", "high", "xhigh", "max"] = ""
    """Effort of a reasoning model (`reasoning_effort`); where an endpoint lacks it, the nearest
    that it has. Empty leaves it to the server."""
    thinking_tokens: NonNegativeInt | None = None
    """Most tokens that a reasoning model may think, at OpenRouter, Anthropic, Google and Alibaba;
    elsewhere write the fields of the endpoint in `extra`."""
    structured: bool | None = None
    """Ask for a JSON object with the fields rationale and code. Unset does so where the endpoint is
    known to have them, at OpenAI's own; an endpoint that refuses is asked for text."""
    timeout_s: PositiveFloat = 120.0
    """Timeout for a whole reply in seconds, also when it is streamed slowly."""
    price_in: NonNegativeFloat | None = None
    """Dollars per million prompt tokens, 0 where they cost nothing. Unset takes the price of evo's
    table of common models; a model that it lacks has an unknown price."""
    price_out: NonNegativeFloat | None = None
    """Dollars per million reply tokens; likewise."""
    price_call: NonNegativeFloat | None = None
    """Dollars per request, also of one that fails; prices of tokens are then 0 unless set."""
    send_seed: bool = True
    """Send a `seed` with each request; set to false if the server rejects it."""
    grammar: bool = False
    """Constrain replies to a grammar of the kind's vocabulary; llama.cpp servers support it."""
    threads: PositiveInt = 1
    """Threads of a model that runs on this machine."""
    context: PositiveInt = 8192
    """Context length in tokens of a model that runs on this machine."""
    command: tuple[str, ...] = ()
    """For `command` the program and its arguments, without a shell. The prompt is its standard
    input, and a file whose path replaces `{prompt_file}`."""
    env: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ...] = ()
    """NAMES of the environment variables that a program gets beside PATH and LANG. HOME is its
    empty folder unless named."""
    cost_field: str = ""
    """For `command` the field of a JSON object in its output that holds what the call cost in
    dollars, such as `total_cost_usd`. `price_call` then stands for calls that state no cost, and is
    what a budget in dollars reserves for each."""
    folder_mb: PositiveInt = 64
    """Most that a program may write to its folder, in MB."""
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    """Further fields of the request body, such as `{ reasoning_effort = "low" }`."""

    @field_validator("base_url")
    @classmethod
    def _plain(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValueError("expected an address such as http://127.0.0.1:11434/v1") from None
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("expected an address such as http://127.0.0.1:11434/v1")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("expected a port from 1 to 65535 in the address") from None
        if not url.isascii() or any(sign.isspace() for sign in url):
            raise ValueError("expected an address without spaces and in ASCII")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password or query")
        return url

    @field_validator("extra")
    @classmethod
    def _no_secrets(cls, extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if secrets := {name for name in extra if name.lower().replace("-", "_") in _SECRETS}:
            raise ValueError(
                f"expected no secrets, got {', '.join(sorted(secrets))}: name the environment "
                "variable that holds the key in key_env"
            )
        return extra

    @model_validator(mode="after")
    def _has_room(self) -> "ModelSettings":
        if self.thinking_tokens is not None and self.thinking_tokens >= self.max_tokens:
            raise ValueError(
                f"expected max_tokens above thinking_tokens, got {self.max_tokens} and "
                f"{self.thinking_tokens}: the answer comes after the thoughts"
            )
        return self

    @property
    def most_tokens(self) -> int:
        """Longest reply in tokens, a second try included."""
        again = 4 * self.max_tokens if self.retry_tokens is None else self.retry_tokens
        return max(again, self.max_tokens)

    @property
    def label(self) -> str:
        """Its name, or by default the last part of what the server calls it."""
        return self.name or self.model.replace("\\", "/").rpartition("/")[2][:80]

    @property
    def is_priced(self) -> bool:
        """True if all that a request costs is known."""
        tokens = self.price_in is not None and self.price_out is not None
        return tokens or self.price_call is not None

    def price(self, prompt_tokens: int, completion_tokens: int, *, calls: int = 1) -> float:
        """Dollars for that many tokens and calls; NaN where the price is unknown."""
        if not self.is_priced:
            return math.nan
        price_in, price_out = self.price_in or 0.0, self.price_out or 0.0
        tokens = (prompt_tokens * price_in + completion_tokens * price_out) / 1e6
        return tokens + (self.price_call or 0.0) * calls


class LlmBudget(Frozen):
    """Limits on the spending of the whole campaign, over all resumes; 0 means no limit."""

    requests: NonNegativeInt = 0
    """Requests to language models."""
    tokens: NonNegativeInt = 0
    """Tokens of prompts and replies together."""
    dollars: NonNegativeFloat = 0.0
    """Dollars, by the prices of the models."""
    hours: NonNegativeFloat = 0.0
    """Wall time in hours, summed over all resumes; time in which it is paused does not count."""
    trainings: NonNegativeInt = 0
    """Candidates trained, over all generations; baselines do not count."""


class WordingSettings(Frozen):
    """Wordings of the operators' tasks that compete."""

    compete: bool = False
    """Draw the wording of an operator's task among several, by what each contributes, as operators
    and models are drawn."""
    texts: dict[str, tuple[Annotated[str, Field(min_length=1, max_length=900)], ...]] = Field(
        default_factory=dict
    )
    """Further wordings by operator, such as `{ novel-llm = ["Surprise us: ..."] }`, beside those
    that evo has."""
    propose_every: NonNegativeInt = 0
    """Generations between two requests that ask a model for another wording; it is drawn only while
    it contributes as much as the standard one. 0 for never."""


class LlmSettings(Frozen):
    """Language models that propose candidates, and their limits."""

    models: tuple[ModelSettings, ...] = ()
    """Language models to ask. With several, a bandit weighs what each contributes against its
    price."""
    concurrency: PositiveInt = 8
    """Requests in flight at a time, over all models."""
    requests_per_minute: NonNegativeInt = 0
    """Rate limit; 0 means none."""
    attempts: PositiveInt = 4
    """Attempts per request, counting the first."""
    wait_s: PositiveFloat = 1.0
    """Wait before the first retry in seconds, unless the server names a time; doubles per retry."""
    wait_most_s: PositiveFloat = 120.0
    """Longest wait before a retry in seconds; a server that asks for more counts as not
    answering."""
    patience: PositiveInt = 8
    """Requests given up in a row after which the endpoint counts as dead."""
    when_dead: Literal["stop", "tree"] = "stop"
    """Reaction to a dead endpoint: stop with everything saved, or go on with the syntax-tree
    operators alone."""
    repair: bool = True
    """Send an invalid candidate back to its model once, with the reason."""
    ahead: bool = True
    """Ask for the next generation while this one trains, from the survivors before it."""
    off: tuple[str, ...] = ()
    """Names of models that are not asked, for as long as they are here."""
    cards: bool = True
    """Show the card of the kind in prompts: one page of what the field knows of it."""
    wordings: WordingSettings = WordingSettings()
    cost_weight: NonNegativeFloat = 0.5
    """Weight of a model's price against its success; 0 ignores prices."""
    budget: LlmBudget = LlmBudget()

    @model_validator(mode="after")
    def _different(self) -> "LlmSettings":
        labels = [model.label for model in self.models]
        if len(set(labels)) < len(labels):
            raise ValueError(f"expected models of different names, got {', '.join(labels)}")
        if unknown := [name for name in self.off if name not in labels]:
            known = ", ".join(labels) or "none"
            raise ValueError(f"expected names of llm.models in off ({known}), got {unknown[0]!r}")
        if self.models and not self.asked:
            raise ValueError("expected a model that is not off; to ask none, leave out llm.models")
        roles = {model.role for model in self.asked}
        for role, other in (("idea", "write"), ("write", "idea")):
            if role in roles and other not in roles:
                raise ValueError(
                    f"expected a model of the role {other!r} beside one of the role {role!r}: an "
                    "idea is written by another model"
                )
        return self

    @property
    def asked(self) -> list[ModelSettings]:
        """The models that are asked: those that are not off."""
        return [model for model in self.models if model.label not in self.off]

    @property
    def authors(self) -> list[ModelSettings]:
        """The models that may have the idea of a component."""
        return [model for model in self.asked if model.role != "write"]

    @property
    def writers(self) -> list[ModelSettings]:
        """The models that write the ideas of others."""
        return [model for model in self.asked if model.role == "write"]
