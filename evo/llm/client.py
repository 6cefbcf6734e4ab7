"""The client of a campaign's language models, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from evo.core.messages import Exchange, Request


class LlmClient(Protocol):
    """Answers requests: `OnlineClient` from the models, `ReplayClient` from a finished campaign."""

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """The exchange of each request, in order."""
        ...

    @property
    def dead(self) -> Sequence[str]:
        """Names of the models that cannot be reached and are asked no more for now."""
        ...
