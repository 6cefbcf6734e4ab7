"""The reason that a server or an exception gives for a failure, whatever its shape."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

_NAMES = (
    *("message", "msg", "error", "errors", "detail", "details", "description"),
    *("error_description", "statusmessage", "fault", "faultstring", "title", "reason"),
)
"""Fields that hold a reason, the most telling first."""


def reason_of(body: bytes) -> str:
    """The message of a response, in words: of JSON of any shape, or the text of a page.

    >>> reason_of(b'{"error": {"message": "no such model", "type": "x"}}')
    'no such model'
    >>> reason_of(b'{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}')
    'body.seed: Extra inputs'
    >>> reason_of(b"<html><title>502 Bad Gateway</title><body>nginx</body></html>")
    'a web page, 502 Bad Gateway'
    """
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        text = body.decode("latin-1").strip()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return _page(text)
    return "; ".join(dict.fromkeys(_messages(content, depth=0))) or text


def parameter_of(body: bytes) -> str:
    """The field of the request that a refusal names; empty where it names none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(content, list) and content:
        content = content[0]
    error = content.get("error", content) if isinstance(content, dict) else None
    parameter = error.get("param") if isinstance(error, dict) else None
    return parameter if isinstance(parameter, str) else ""


def is_error(content: Any) -> bool:
    """True if a response that says it is well holds an error all the same."""
    return isinstance(content, dict) and bool(content.get("error")) and not content.get("choices")


def causes(error: BaseException) -> str:
    """An exception and what caused it, without repetition."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(said) < 6:
        text = str(cause).strip() or type(cause).__name__
        if not any(text in other for other in said):
            said.append(text)
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {': '.join(said)}"


def _messages(content: Any, *, depth: int) -> Iterator[str]:
    if depth > 5:
        return
    match content:
        case str():
            yield from _nested(content, depth)
        case list():
            for item in content[:5]:
                yield from _messages(item, depth=depth + 1)
        case dict():
            where = content.get("loc")
            named = {str(name).lower(): value for name, value in content.items()}
            for name in _NAMES:
                if named.get(name):
                    for text in _messages(named[name], depth=depth + 1):
                        yield f"{'.'.join(map(str, where))}: {text}" if where else text
                    if name != "details":
                        break
        case _:
            pass


def _nested(text: str, depth: int) -> Iterator[str]:
    """A text, or the message of the JSON that it is."""
    if text.lstrip()[:1] in "{[" and text.strip():
        try:
            inner = list(_messages(json.loads(text), depth=depth + 1))
        except (ValueError, RecursionError):
            inner = []
        if inner:
            yield from inner
            return
    yield text.strip()


def _page(text: str) -> str:
    """The title or the text of a web page; other text as it is."""
    if "<" not in text[:2000]:
        return text
    title = re.search(r"<(title|h1)[^>]{0,100}>(.{1,300}?)</\1>", text[:20_000], re.S | re.I)
    words = title[2] if title else re.sub(r"<[^>]{0,1000}>", " ", text[:5000])
    return f"a web page, {' '.join(html.unescape(words).split())}"
