"""Answer requests from another campaign's recorded replies, so that a replay costs nothing."""

from collections.abc import Sequence
from dataclasses import replace

from archive.history.replies import Replies
from evo.core.errors import EvoError
from evo.core.messages import Exchange, Request


class ReplayClient:
    """Looks replies up in another campaign instead of asking a model.

    Args:
        source: the other campaign's replies.
        replies: this campaign's, open for adding.
    """

    def __init__(self, source: Replies, replies: Replies) -> None:
        self._source = source
        self._replies = replies

    @property
    def dead(self) -> Sequence[str]:
        """No model is asked, so that none is dead."""
        return ()

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        """The exchange of each request in the other campaign, in order.

        Raises:
            EvoError: the other campaign never made one of the requests.
        """
        return [self._exchange(request) for request in requests]

    def _exchange(self, request: Request) -> Exchange:
        if (known := self._replies.get(request.key)) is not None:
            return known
        recorded = self._source.get(request.key)
        if recorded is None:
            raise EvoError(
                f"{self._source.path} has no reply for a request to {request.model!r}. A replay "
                "needs the same configuration, seed and version of evo, and ends where the "
                "replayed campaign stopped."
            )
        exchange = replace(recorded, replayed=True)
        self._replies.add(exchange)
        return exchange
