"""The time that a server asks to wait before the next request, wherever it says so.

Most send the header `Retry-After`. Proxies pass it on under a name of their own, and some servers
name the time only in the text of the refusal or in a field of it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

_IN_WORDS = re.compile(
    r"(?:try again|retry|wait)(?: in| after| for)?:? ((?:\d+(?:\.\d+)? ?[a-z]+,? ?)+)"
    r"|\"retry_?(?:delay|after)\"\s*:\s*\"?(\d+(?:\.\d+)? ?[a-z]*)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.IGNORECASE)
_UNITS_S = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}


def wait_of(headers: Mapping[str, str], body: bytes, *, now: float) -> float | None:
    """Seconds that a server asks to wait; None where it names no time.

    Args:
        headers: of the response, with names in lower case.
        body: of the response.
        now: seconds since the epoch, which a date counts from.

    >>> wait_of({"llm_provider-retry-after": "3"}, b"", now=0.0)
    3.0
    >>> wait_of({}, b'{"error": "Limit reached. Please try again in 1m2.5s."}', now=0.0)
    62.5
    """
    text = body[:20_000].decode("utf-8", "replace")
    return next((max(0.0, wait_s) for wait_s in _waits(headers, text, now)), None)


def _waits(headers: Mapping[str, str], text: str, now: float) -> Iterator[float]:
    for ending, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        for name, value in headers.items():
            if not name.endswith(ending):
                continue
            with suppress(ValueError):
                yield float(value) * unit_s
            with suppress(ValueError, TypeError):
                yield parsedate_to_datetime(value).timestamp() - now
    for match in _IN_WORDS.finditer(text):
        if (wait_s := _seconds(match[1] or match[2])) is not None:
            yield wait_s


def _seconds(words: str) -> float | None:
    """Seconds of a duration such as `1m2.5s` or `20 seconds`; None where it is none."""
    parts = _PART.findall(words)
    known = [(number, unit.lower()) for number, unit in parts if unit.lower() in _UNITS_S]
    if not known:
        return None
    return sum(float(number) * _UNITS_S[unit] for number, unit in known)
