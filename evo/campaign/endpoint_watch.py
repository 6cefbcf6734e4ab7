"""Events when a language model cannot be reached and the search goes on without it."""

from collections.abc import Iterator

from evo.campaign.events import EndpointDead
from evo.llm.client import LlmClient


class EndpointWatch:
    """Tells of each model that dies, once until it answers again.

    Args:
        client: asks the models.
    """

    def __init__(self, client: LlmClient) -> None:
        self._client = client
        self._told: frozenset[str] = frozenset()

    def __call__(self, generation: int) -> Iterator[EndpointDead]:
        """Yield the events that are due in a generation."""
        dead = frozenset(self._client.dead)
        for name in sorted(dead - self._told):
            words = f"The model {name!r} is unavailable; the search goes on without it."
            yield EndpointDead(generation, words, goes_on=True)
        self._told = dead
