"""Providers of language models: their base class, and the registry.

A provider sends one request to one model, once. Retries, budgets, limits and the keeping of replies
are the engine's. It must never let a key out: not by a log, an error, a file or a child process.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from evo.core.messages import Reply, Request
from evo.core.registry import Registry
from evo.llm.settings import ModelSettings


class ProviderError(Exception):
    """No reply.

    Args:
        reason: why, in words for a person; holds no secret.
        again: whether the same request may succeed later.
        fatal: whether no request to this model can succeed as things are.
        retry_after_s: how long the server asks to wait.
        is_lesson: whether the provider has learned from the refusal, and asks differently at once.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = True,
        fatal: bool = False,
        retry_after_s: float | None = None,
        is_lesson: bool = False,
    ) -> None:
        super().__init__(reason)
        self.is_lesson = is_lesson
        self.again = again and not fatal
        self.fatal = fatal
        self.retry_after_s = retry_after_s


class Provider(ABC):
    """Sends requests to a server of models. Subclass, set `name`, and register.

    Construction does no I/O; a wrong setting is found by `check`.

    Attributes:
        name: the name it is registered under.
        greets: whether a first tiny request can find what is wrong with the endpoint, before
            anything is trained.
        model_is_file: whether `model` names a file on this machine.
    """

    name: ClassVar[str]
    greets: ClassVar[bool] = False
    model_is_file: ClassVar[bool] = False

    @classmethod  # noqa: B027 - most have nothing to check
    def check(cls, model: ModelSettings) -> None:
        """Check the settings as far as possible before the first request.

        Raises:
            UsageError: a setting is wrong or a package is missing; the message says what to do.
        """

    @abstractmethod
    def __init__(self, model: ModelSettings, key: str) -> None:
        """A model and the key for it, empty where none is needed."""

    @classmethod
    def of(cls, model: ModelSettings, variables: Mapping[str, str]) -> Self:
        """A model with what it may know of the environment.

        Args:
            model: its settings.
            variables: of the environment by name; all but the key are withheld from most.
        """
        return cls(model, variables.get(model.key_env, "").strip() if model.key_env else "")

    @abstractmethod
    async def complete(self, request: Request) -> Reply:
        """The model's reply.

        Raises:
            ProviderError: there is none.
        """

    @property
    def lessons(self) -> dict[str, Any]:
        """Lessons from the endpoint's refusals, as JSON, for `recall` of a later process."""
        return {}

    def recall(self, lessons: dict[str, Any]) -> None:  # noqa: B027 - most learn nothing
        """Take what an earlier process has learned from the same endpoint."""

    async def close(self) -> None:  # noqa: B027 - most hold nothing
        """Release connections, servers and other resources."""


providers: Registry[Provider] = Registry("provider", "evo.llm.providers", "providers")
