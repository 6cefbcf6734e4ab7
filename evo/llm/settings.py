"""Which language models a campaign asks, how, and how much it may spend, as configuration."""

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
    """What history and tables call it; by default the model's own name."""
    provider: str = "openai"
    """`openai`: any OpenAI-compatible endpoint; `xllamacpp`: a GGUF file on this machine."""
    model: Annotated[str, Field(min_length=1)]
    """What the server calls it; for `xllamacpp` the path of a GGUF file."""
    base_url: str = ""
    """The endpoint, such as http://127.0.0.1:11434/v1; empty for OpenAI's own."""
    key_env: Annotated[str, Field(pattern=r"^([A-Z_][A-Z0-9_]*)?$")] = ""
    """NAME of the environment variable that holds the key; empty where none is needed."""
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    """None leaves it to the server."""
    max_tokens: PositiveInt = 2048
    """Bound on a reply, thinking included."""
    timeout_s: PositiveFloat = 120.0
    """For a whole reply, however slowly it drips."""
    price_in: NonNegativeFloat = 0.0
    """Dollars for a million tokens of prompt."""
    price_out: NonNegativeFloat = 0.0
    """Dollars for a million tokens of reply."""
    send_seed: bool = True
    """Whether the server knows `seed`; some refuse what they do not know."""
    grammar: bool = False
    """Whether replies are held to a grammar of the kind's words; llama.cpp servers can."""
    threads: PositiveInt = 1
    """Of a model that runs on this machine."""
    context: PositiveInt = 8192
    """Tokens of prompt and reply together, of a model that runs on this machine."""
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    """More fields of the request's body, such as reasoning_effort = "low"."""

    @field_validator("base_url")
    @classmethod
    def _plain(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("expected an address such as http://127.0.0.1:11434/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password or query")
        return url

    @field_validator("extra")
    @classmethod
    def _no_secrets(cls, extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if found := {name for name in extra if name.lower().replace("-", "_") in _SECRETS}:
            raise ValueError(
                f"expected no secrets, got {', '.join(sorted(found))}: name the environment "
                "variable that holds the key in key_env"
            )
        return extra

    @property
    def label(self) -> str:
        """Its name, or by default the last part of what the server calls it."""
        return self.name or self.model.replace("\\", "/").rpartition("/")[2][:80]

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for that many tokens."""
        return (prompt_tokens * self.price_in + completion_tokens * self.price_out) / 1e6


class Budget(Frozen):
    """What a campaign may spend in all, resumed or not; 0 is no limit."""

    requests: NonNegativeInt = 0
    tokens: NonNegativeInt = 0
    """Of prompts and replies together."""
    dollars: NonNegativeFloat = 0.0
    hours: NonNegativeFloat = 0.0
    """Wall time that the campaign runs, all of its processes together."""


class LlmSettings(Frozen):
    """Language models as operators' authors."""

    models: tuple[ModelSettings, ...] = ()
    """Several share the work: a bandit weighs what each contributes against what it costs."""
    concurrency: PositiveInt = 8
    """Requests at a time, all models together."""
    requests_per_minute: NonNegativeInt = 0
    """At most so many begin in any minute; 0 is no limit."""
    attempts: PositiveInt = 4
    """How often a request that got no reply is sent."""
    wait_s: PositiveFloat = 1.0
    """Before a second attempt, where the server names no time; it doubles from then on."""
    wait_most_s: PositiveFloat = 120.0
    """No wait is longer; a server that asks for more is taken as one that does not answer."""
    patience: PositiveInt = 8
    """So many requests given up in a row, and the endpoint counts as dead."""
    when_dead: Literal["stop", "tree"] = "stop"
    """Stop and keep everything, or let the syntax-tree operators go on alone."""
    repair: bool = True
    """Whether an invalid candidate goes back to its author once, with the reason."""
    ahead: bool = True
    """Whether the next generation is asked for while this one trains, from the survivors before."""
    cost_weight: NonNegativeFloat = 0.5
    """How much dearer models must contribute more to be asked as often; 0 ignores the price."""
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _different(self) -> "LlmSettings":
        labels = [model.label for model in self.models]
        if len(set(labels)) < len(labels):
            raise ValueError(f"expected models of different names, got {', '.join(labels)}")
        return self
