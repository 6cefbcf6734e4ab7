"""Server-sent events: one per change of a campaign's files, so that open pages read again."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from evo.core.errors import HistoryError

LOOK_EVERY_S = 1.0
"""How often files are looked at."""
_ALIVE_EVERY = 15
"""Looks without news after which a comment keeps the connection open."""


def event_stream(news: Callable[[], Any], stop: asyncio.Event) -> StreamingResponse:
    """A stream with an event whenever `news()` gives something else than at the last look.

    Args:
        news: looks at files, in a thread.
        stop: ends the stream.
    """
    return StreamingResponse(_events(news, stop), media_type="text/event-stream")


async def _events(news: Callable[[], Any], stop: asyncio.Event) -> AsyncGenerator[str]:
    last, looks = await _look(news), 0
    yield "retry: 2000\n\n"
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            return
        except TimeoutError:
            pass
        looks += 1
        now = await _look(news)
        if now != last:
            last, looks = now, 0
            yield f"event: news\ndata: {json.dumps(None)}\n\n"
        elif looks % _ALIVE_EVERY == 0:
            yield ": alive\n\n"


async def _look(news: Callable[[], Any]) -> Any:
    try:
        return await run_in_threadpool(news)
    except (HistoryError, KeyError, OSError) as error:  # a campaign that is gone is news too
        return str(error)
