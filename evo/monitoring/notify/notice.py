"""The text of a notification: the JSON document that a command or a webhook gets.

It holds no secret: words of errors that are not ours are left out, and what stands in the
environment as a key is struck out wherever it occurs.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from socket import gethostname
from typing import Any, NamedTuple

from archive.history.history import History
from evo.campaign.config.notify import NotifyOccasion
from evo.campaign.events import (
    BudgetWarning,
    EndpointDead,
    Event,
    GenerationSealed,
    StopCause,
    Stopped,
)

_LONGEST_MESSAGE = 1000
_STRUCK = "[key]"


class Notice(NamedTuple):
    """A notification.

    Attributes:
        occasion: what happened.
        message: the same in words.
        generation: the last one that is sealed, or the one in progress.
        best: id of a new best candidate, and its margin; None on other occasions.
    """

    occasion: NotifyOccasion
    message: str
    generation: int
    best: dict[str, Any] | None = None


def notice_of(event: Event) -> Notice | None:
    """The notification that an event is worth; None for most events."""
    notice = None
    match event:
        case GenerationSealed(generation=generation, best=best):
            # Found in this very generation: a resumed campaign does not tell of an old one.
            if best is not None and best.generation == generation:
                margin = round(best.scored.margin.value, 4)
                words = f"New best in generation {generation}: {best.id}, margin {margin:+.3f}."
                facts = {"id": best.id, "margin": margin, "b_wr": round(best.scored.b_wr.value, 4)}
                notice = Notice("best", words, generation, facts)
        case BudgetWarning(generation=generation, message=words):
            notice = Notice("budget", words, generation)
        case EndpointDead(generation=generation, message=words):
            notice = Notice("endpoint", words, generation)
        case Stopped(generation=generation, cause=StopCause.FINISHED):
            words = f"Finished: {generation} generations."
            notice = Notice("finished", words, generation)
        case Stopped(generation=generation, message=words):
            notice = Notice("stopped", f"Stopped: {words}", generation)
        case _:
            pass
    return notice


def body_of(notice: Notice, history: History, *, secrets: Iterable[str]) -> dict[str, Any]:
    """The JSON document of a notification.

    `text` and `content` are what Slack, Mattermost and Discord show.

    Args:
        notice: what to say.
        history: the campaign's.
        secrets: texts to strike out.
    """
    message = notice.message
    for secret in secrets:
        message = message.replace(secret, _STRUCK)
    message = message[:_LONGEST_MESSAGE]
    words = f"evo {history.folder.name}: {message}"
    return {
        "event": notice.occasion,
        "campaign": history.folder.name,
        "id": history.id,
        "host": gethostname(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": notice.generation,
        "generations": history.config["generations"],
        "message": message,
        **({} if notice.best is None else {"best": notice.best}),
        "text": words,
        "content": words,
    }
