"""Join the events of a streamed chat completion into one.

Endpoints that only stream send server-sent events (`data: {…}`), or one JSON object per line.
"""

import json
from collections.abc import Iterator
from typing import Any

_BEGINNINGS = (b"data:", b"event:", b"id:", b"retry:", b":")


def is_stream(body: bytes) -> bool:
    """True if a response begins like a stream of events."""
    beginning = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(_BEGINNINGS):
        return True
    first, _, rest = body.partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip()[:1] == b"{"


def joined_stream(body: bytes) -> dict[str, Any]:
    r"""The completion that the events of a stream make, or the error that one of them holds.

    Raises:
        ValueError: there is no event that can be read.

    >>> joined_stream(b'data: {"choices": [{"delta": {"content": "hi"}}]}\n\ndata: [DONE]\n')
    {'choices': [{'message': {'content': 'hi'}, 'finish_reason': None}]}
    """
    completion: dict[str, Any] = {}
    message: dict[str, str] = {}
    finish: str | None = None
    count = 0
    for event in _events(body):
        count += 1
        if event.get("error"):
            return event
        completion |= {name: event[name] for name in ("model", "usage") if event.get(name)}
        choices = event.get("choices")
        choice: Any = choices[0] if isinstance(choices, list) and choices else event
        if not isinstance(choice, dict):
            continue
        delta = choice.get("delta") or choice.get("message") or {"content": choice.get("text")}
        if isinstance(delta, dict):
            for name, part in delta.items():
                if name != "role" and isinstance(part, str):
                    message[name] = message.get(name, "") + part
        finish = choice.get("finish_reason") or choice.get("done_reason") or finish
    if not count:
        raise ValueError("no events")
    completion["choices"] = [{"message": message, "finish_reason": finish}]
    return completion


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.decode("utf-8", "replace").splitlines():
        data = line.strip().removeprefix("data:").strip()
        if not data.startswith("{"):
            continue
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            continue  # the last may be cut off
        if isinstance(event, dict):
            yield event
