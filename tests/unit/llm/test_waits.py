"""The time that servers ask to wait, in each way that they say it."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from evo.llm.providers.waits import wait_of

NOW = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)
LATER = format_datetime(datetime(2026, 11, 29, 5, 1, tzinfo=UTC), usegmt=True)
WAITS = {
    "seconds": ({"retry-after": "3"}, "", 3.0),
    "a date": ({"retry-after": LATER}, "", 60.0),
    "a date that is past": ({"retry-after": "Sun, 01 Nov 2020 05:00:00 GMT"}, "", 0.0),
    "milliseconds first": ({"retry-after": "1", "retry-after-ms": "120"}, "", 0.12),
    "a header that a proxy renames": ({"llm_provider-retry-after": "60"}, "", 60.0),
    "a header that says nothing": ({"retry-after": "soon"}, "Try again in 2 seconds.", 2.0),
    "words": ({}, "Rate limit reached: please try again in 20s. Limit: 3 / min.", 20.0),
    "words in parts": ({}, "Please try again in 6m0.5s.", 360.5),
    "words in milliseconds": ({}, "Please try again in 120ms", 0.12),
    "words in hours": ({}, "Please wait 1 hour, 2 minutes before", 3720.0),
    "other words": ({}, "Please retry after 26 seconds.", 26.0),
    "a sentence after them": ({}, "Try again in 5 seconds. Passed model=m", 5.0),
    "a field": ({}, '{"details": [{"@type": "RetryInfo", "retryDelay": "34s"}]}', 34.0),
    "a number": ({}, '{"message": "slow down", "retry_after": 1.5}', 1.5),
}


@pytest.mark.parametrize(("headers", "body", "expected_s"), WAITS.values(), ids=WAITS.keys())
def test_a_wait_is_read_wherever_it_is_named(
    headers: dict[str, str], body: str, expected_s: float
) -> None:
    wait_s = wait_of(headers, body.encode(), now=NOW.timestamp())

    assert wait_s == pytest.approx(expected_s)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Gave up after 3 attempts; retry 2 times at most.",
        '{"error": "no", "retryable": true, "code": 429}',
        "Limit: 20 requests / min. Try again later.",
        "\xff\xfe",
    ],
)
def test_other_numbers_are_no_waits(body: str) -> None:
    assert wait_of({"x-ratelimit-limit": "3"}, body.encode("latin-1"), now=0.0) is None
