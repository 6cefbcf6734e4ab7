"""How much is tested: quickly for each step of one's work, all in CI, many examples in a night."""

import os
from collections.abc import Collection, Iterable
from typing import Any

import pytest

PROFILES = ("quick", "ci", "nightly")
"""`quick` is `make test`; `ci` adds the heavy tests; `nightly`, `make test-long`, more examples."""
PROFILE = os.environ.get("EVO_TESTS", "quick")
if PROFILE not in PROFILES:
    raise pytest.UsageError(f"EVO_TESTS is one of {', '.join(PROFILES)}; it is '{PROFILE}'.")


def many(quick: int, *, ci: int | None = None, nightly: int) -> int:
    """The number for the profile that runs; without one for CI, that of `make test`."""
    return {"quick": quick, "ci": ci or quick, "nightly": nightly}[PROFILE]


def only_long(*cases: tuple[Any, ...]) -> list[Any]:
    """Cases of a parametrized test that are left to `make test-long`."""
    skipped = pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
    return [pytest.param(*case, marks=[pytest.mark.long, skipped]) for case in cases]


def heavy(*cases: tuple[Any, ...]) -> list[Any]:
    """Cases of a parametrized test that `make test` leaves to CI: its other cases show the same."""
    others = pytest.mark.heavy(quick="the other cases")
    return [pytest.param(*case, marks=others) for case in cases]


def mostly_heavy(few: Collection[Any], everything: Iterable[Any]) -> list[Any]:
    """A few cases of a parametrized test, and all the others, which are left to CI."""
    return [*few, *heavy(*((case,) for case in everything if case not in few))]
