"""How many random examples a test draws: few for each change, many in a night."""

import os

PROFILE = os.environ.get("EVO_TESTS", "ci")
"""`ci`, or `nightly` as `make test-long` sets it."""


def many(ci: int, *, nightly: int) -> int:
    """The number for the profile that runs."""
    return nightly if PROFILE == "nightly" else ci
