"""The fields of a chat request that an endpoint takes, learned from what it refuses.

Endpoints of one protocol differ: some want `max_completion_tokens`, some refuse a seed, a
temperature, a system message, a schema or an effort, some only stream. The refusal says so, and
what is learned changes the form of a request alone, never the key under which its reply is stored.
"""

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from evo.core.messages import Request
from evo.llm.providers.thinking import is_about_budget, other_effort
from evo.llm.settings import ModelSettings

_LIMITS = ("max_tokens", "max_completion_tokens")
_VALUE = re.compile(
    r"too (?:large|long|high|small|low|many)|at (?:most|least)|exceed|context (?:length|window)|"
    r"less than|greater than|must be (?:positive|an? |between|in )|maximum value|out of range"
)
"""Complaints about a value, which another name of the field would not help."""
_SYSTEM = re.compile(
    r"system['\"`]?[ _]?(?:role|message|prompt|instruction)|roles?\b.{0,40}\bsystem|"
    r"system\b.{0,40}\bnot (?:support|allow|permit)|developer (?:role|message|instruction)|"
    r"roles must alternate|must alternate between|only user and assistant|"
    r"first message must be.{0,20}user|\['user', 'assistant'\]"
)
_STREAM = re.compile(
    r"only (?:support\w* )?stream|stream\w*.{0,30}(?:must|only|require|set|true)|"
    r"(?:must|require|enable|use|set).{0,30}\bstream|non-?stream"
)
_SCHEMA = re.compile(
    r"response_?format|json_?schema|json_object|json mode|structured[ _]outputs?|"
    r"guided[ _]?(?:json|decoding)"
)
_COMPONENT = {
    "type": "json_schema",
    "json_schema": {
        "name": "component",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"rationale": {"type": "string"}, "code": {"type": "string"}},
            "required": ["rationale", "code"],
            "additionalProperties": False,
        },
    },
}
"""The schema of a structured reply: the reasons come before the code, as in text."""
_AS_JSON = (
    "\n\nSend it as one JSON object: the sentences as `rationale`, the Python, without a fence, as "
    "`code`."
)


@dataclass(frozen=True)
class Dialect:
    """The parameters that an endpoint takes.

    Attributes:
        limit: name of the field for the longest reply; empty where it takes none.
        seed: whether it takes a seed.
        temperature: whether it takes a temperature.
        system: whether it takes a system message; otherwise its text leads the user's.
        stream: whether it must be asked to stream.
        schema: whether it is asked for replies by a schema.
        effort: of reasoning, that it is asked for; empty where it takes none.
        budget: whether it takes a budget of thoughts.
    """

    limit: str = _LIMITS[0]
    seed: bool = True
    temperature: bool = True
    system: bool = True
    stream: bool = False
    schema: bool = False
    effort: str = ""
    budget: bool = False

    @classmethod
    def of(cls, model: ModelSettings, *, base_url: str) -> "Dialect":
        """The dialect to begin with."""
        limit = _LIMITS[0] if base_url else _LIMITS[1]
        if any(name in model.extra for name in _LIMITS):
            limit = ""
        # A grammar is a stricter form than a schema, and endpoints take one of the two.
        wanted = not base_url if model.structured is None else model.structured
        return cls(
            limit=limit,
            seed=model.send_seed,
            stream=bool(model.extra.get("stream")),
            schema=wanted
            and not model.grammar
            and model.role != "idea"  # it answers in words
            and "response_format" not in model.extra,
            effort=model.effort,
            budget=model.thinking_tokens is not None,
        )

    @classmethod
    def recalled(cls, facts: dict[str, Any]) -> "Dialect":
        """The dialect that `facts` describes, and the default for what they leave open."""
        known = asdict(cls())
        fitting = {
            name: value
            for name, value in facts.items()
            if name in known and isinstance(value, type(known[name]))
        }
        return cls(**fitting)

    @property
    def facts(self) -> dict[str, Any]:
        """The dialect as JSON."""
        return asdict(self)

    def fields(
        self, request: Request, extra: dict[str, Any], budget: dict[str, Any]
    ) -> dict[str, Any]:
        """The fields of a request besides model and messages.

        Args:
            request: what is asked.
            extra: further fields of the configuration.
            budget: those that limit the thoughts.
        """
        fields = {**(budget if self.budget else {}), **extra}
        if self.schema:
            fields["response_format"] = _COMPONENT
        if self.effort:
            fields["reasoning_effort"] = self.effort
        if self.limit:
            fields[self.limit] = request.max_tokens
        if self.temperature and request.temperature is not None:
            fields["temperature"] = request.temperature
        if self.seed:
            fields["seed"] = request.seed
        if self.stream:
            fields["stream"] = True
        if request.grammar:
            fields["grammar"] = request.grammar
        return fields

    def messages(self, request: Request) -> list[dict[str, str]]:
        """The messages of a request."""
        system, user = request.prompt
        if self.schema:
            user += _AS_JSON
        if not self.system:
            return [{"role": "user", "content": f"{system}\n\n{user}"}]
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    def after(self, refusal: str, parameter: str, request: Request) -> "Dialect":
        """The dialect after a refusal; the same where it teaches nothing.

        Args:
            refusal: what the endpoint said.
            parameter: the field that it names, empty where it names none.
            request: the request that it refused.
        """
        text = refusal.lower()
        names = f"{parameter.lower()} {text}"
        learned = self
        if self.limit and (limit := self._other_limit(text, parameter)) is not None:
            learned = replace(learned, limit=limit)
        if self.seed and re.search(r"\bseed\b", names):
            learned = replace(learned, seed=False)
        sends_temperature = self.temperature and request.temperature is not None
        if sends_temperature and re.search(r"\btemperature\b", names):
            learned = replace(learned, temperature=False)
        if self.system and (parameter.lower() == "system" or _SYSTEM.search(text)):
            learned = replace(learned, system=False)
        if not self.stream and (parameter.lower() == "stream" or _STREAM.search(text)):
            learned = replace(learned, stream=True)
        return learned._after_thinking(text, parameter.lower(), names)

    def _after_thinking(self, text: str, parameter: str, names: str) -> "Dialect":
        """Lessons of a refusal on schemas, effort and thoughts."""
        learned = self
        if self.schema and _SCHEMA.search(names):
            learned = replace(learned, schema=False)
        if self.effort and (effort := other_effort(self.effort, text, parameter)) is not None:
            learned = replace(learned, effort=effort)
        elif self.budget and is_about_budget(text, parameter):
            learned = replace(learned, budget=False)
        return learned

    def _other_limit(self, text: str, parameter: str) -> str | None:
        """Another name for the limit; None where the refusal is not about its name."""
        (other,) = (name for name in _LIMITS if name != self.limit)
        named = re.search(rf"\b{self.limit}\b", f"{parameter.lower()} {text}")
        if re.search(rf"(?<![\w]){other}\b", text):
            return other
        if not named or _VALUE.search(text):
            return None
        # The first name is tried again never: an endpoint that takes neither gets none.
        return other if self.limit == _LIMITS[0] else ""
