"""One model's endpoint as it goes: whether it can be had, and who is to blame where it cannot.

A request that is given up may itself be to blame, or the endpoint may be down. Which of them it
was shows later: a reply to a request that was sent afterwards says that the endpoint was there, and
the one given up stays given up, for good. Until then it is in doubt, and history does not hold it.
So a campaign that a dead endpoint stops asks again for all that it could not have meanwhile, and
goes on as if the endpoint had never been down.
"""

from collections.abc import Sequence
from dataclasses import replace

from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Request
from evo.llm.providers.base import Provider
from evo.llm.settings import ModelSettings

_PING = Prompt("You answer in one word.", "Are you there?")
_PING_TOKENS = 64


class Endpoint:
    """Where one model is asked.

    Args:
        model: the model.
        provider: asks it.
        replies: the campaign's, open for adding.
        patience: so many given up in a row, and it counts as dead.

    Attributes:
        not_before: on the loop's clock, when the server wants to hear of us again.
        is_dead: whether it counts as down.
        is_probed: whether a dead one has been tried in this round.
    """

    def __init__(
        self, model: ModelSettings, provider: Provider, replies: Replies, *, patience: int
    ) -> None:
        self.model = model
        self.provider = provider
        self.not_before = 0.0
        self.is_dead = False
        self.is_probed = False
        self._replies = replies
        self._patience = patience
        self._doubtful: list[Exchange] = []
        self._in_a_row = 0

    @property
    def doubtful(self) -> Sequence[Exchange]:
        """Given up, and nothing has come since that was asked for afterwards."""
        return tuple(self._doubtful)

    @property
    def ping(self) -> Request:
        """A request that can hardly be to blame where it fails."""
        model = self.model
        most = min(_PING_TOKENS, model.max_tokens)
        return Request(model.label, model.model, _PING, 0, model.temperature, most)

    def answered(self, exchange: Exchange, *, before: Sequence[Exchange]) -> Exchange:
        """Keep a reply; it settles what was in doubt before its request was sent."""
        for given_up in before:
            if given_up in self._doubtful:
                self._doubtful.remove(given_up)
                self._keep(given_up)
        self._in_a_row, self.is_dead = len(self._doubtful), False
        return self._keep(exchange)

    def failed(self, given_up: Exchange, *, fatal: bool) -> None:
        """Take note of a request that was given up; it is in doubt."""
        self._doubtful.append(given_up)
        self._in_a_row += 1
        self.is_dead = self.is_dead or fatal or self._in_a_row >= self._patience

    def settle(self) -> None:
        """Those in doubt stay given up."""
        for given_up in self._doubtful:
            self._keep(given_up)
        self._doubtful.clear()

    def reopen(self) -> None:
        """Those in doubt are asked for again when the campaign goes on; they count as sent."""
        for given_up in self._doubtful:
            self._replies.add(replace(given_up, final=False))
        self._doubtful.clear()

    def _keep(self, exchange: Exchange) -> Exchange:
        # What a ping brings is paid for, and nobody will ask for it again.
        final = exchange.request.prompt != _PING
        self._replies.add(replace(exchange, final=final))
        return exchange
