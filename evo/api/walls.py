"""Refuse to run generated code where the kernel cannot wall it in, unless the caller insists."""

import warnings

from evo.core.errors import Warn
from evo.validation.sandbox import elsewhere, walls


def expect_walls(*, unsafe: bool, warn: Warn) -> None:
    """Check that the kernel can isolate generated code; only warn where the caller insists.

    Args:
        unsafe: whether the caller insists.
        warn: called with what is missing then.

    Raises:
        UsageError: a wall is absent, and the caller has not asked to go on.
    """
    if elsewhere.command():
        return  # its own walls count, which it names when it starts
    standing = walls.standing()
    if not unsafe:
        walls.require_walls(standing)
    elif missing := walls.absence(standing):
        warn(missing)


def as_warning(message: str) -> None:
    """A `Warn` of the Python API; it points to the caller of `evo.run` or `evo.resume`."""
    warnings.warn(message, stacklevel=4)
