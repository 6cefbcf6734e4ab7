"""How many random examples a test draws: few for each change, many in a night."""

import os
from typing import Any

import pytest

PROFILE = os.environ.get("EVO_TESTS", "ci")
"""`ci`, or `nightly` as `make test-long` sets it."""


def many(ci: int, *, nightly: int) -> int:
    """The number for the profile that runs."""
    return nightly if PROFILE == "nightly" else ci


def only_long(*cases: tuple[Any, ...]) -> list[Any]:
    """Cases of a parametrized test that `make test` leaves to `make test-long`."""
    skipped = pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
    return [pytest.param(*case, marks=[pytest.mark.long, skipped]) for case in cases]
