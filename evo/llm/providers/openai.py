"""Any endpoint that speaks OpenAI's chat protocol: OpenAI, vLLM, Ollama, OpenRouter and more."""

from typing import Any, ClassVar

from evo.core.errors import UsageError
from evo.core.messages import Reply, Request
from evo.llm.providers.base import Provider, providers
from evo.llm.providers.chat import Chat
from evo.llm.providers.thinking import budget_fields
from evo.llm.settings import ModelSettings


@providers.register("openai")
class OpenAI(Provider):
    """Any OpenAI-compatible endpoint, by base_url, model and the name of the key's variable."""

    name: ClassVar[str] = "openai"
    greets: ClassVar[bool] = True

    @classmethod
    def check(cls, model: ModelSettings) -> None:
        """Check that the endpoint's fields for a budget of thoughts are known."""
        if model.thinking_tokens is not None and not budget_fields(model):
            raise UsageError(
                f"llm.models: how the endpoint of {model.label!r} limits thoughts is not known. "
                "Leave thinking_tokens out and write its own fields, such as "
                'extra = { thinking_budget = 2000 }, or set effort = "low".'
            )

    def __init__(self, model: ModelSettings, key: str) -> None:
        self._model = model
        self._key = key
        self._chat: Chat | None = None
        self._recalled: dict[str, Any] = {}

    async def complete(self, request: Request) -> Reply:
        """The model's reply."""
        if self._chat is None:
            self._chat = Chat(
                self._model,
                base_url=self._model.base_url,
                key=self._key,
                recalled=self._recalled,
            )
        return await self._chat.complete(request)

    @property
    def lessons(self) -> dict[str, Any]:
        """The dialect that the endpoint speaks, where it was learned."""
        return self._recalled if self._chat is None else self._chat.lessons

    def recall(self, lessons: dict[str, Any]) -> None:
        """Begin with a dialect that was learned before."""
        self._recalled = lessons

    async def close(self) -> None:
        """Close the connections."""
        if self._chat is not None:
            await self._chat.close()
