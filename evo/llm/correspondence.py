"""What gives replies to requests, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from evo.core.messages import Exchange, Request


class Correspondence(Protocol):
    """Whoever has replies: `Correspondent` asks for them, `Replayer` looks them up."""

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """What came of each request, in order."""
        ...
