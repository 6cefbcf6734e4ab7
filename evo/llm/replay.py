"""Gives the replies of another campaign instead of asking, so that a replay spends nothing."""

from collections.abc import Sequence
from dataclasses import replace

from archive.history.replies import Replies
from evo.core.errors import EvoError
from evo.core.messages import Exchange, Request


class Replayer:
    """Gives the replies of another campaign instead of asking.

    Args:
        source: the other campaign's replies.
        replies: this campaign's, open for adding.
    """

    def __init__(self, source: Replies, replies: Replies) -> None:
        self._source = source
        self._replies = replies

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """What came of each request there, in order.

        Raises:
            EvoError: one was never made there.
        """
        return [self._exchange(request) for request in requests]

    def _exchange(self, request: Request) -> Exchange:
        if (known := self._replies.get(request.key)) is not None:
            return known
        found = self._source.get(request.key)
        if found is None:
            raise EvoError(
                f"{self._source.path} has no reply for a request to {request.model!r}. A replay "
                "needs the same configuration, seed and version of evo, and ends where the "
                "replayed campaign stopped."
            )
        replayed = replace(found, replayed=True)
        self._replies.add(replayed)
        return replayed
