"""A zygote that a closed sandbox leaves to the next one of this process.

Its start costs two seconds of processor time, nearly all of it for importing torch. A zygote runs
no candidate itself, and each request brings its own limits and walls: one that has answered every
request serves as a new one would. At most one is kept; it ends with this process.
"""

import atexit
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from evo.validation.sandbox import elsewhere
from evo.validation.sandbox.connection import BOOT, Connection


@contextmanager
def connection(boot: str) -> Generator[Connection]:
    """A zygote for the time of the context: the spare one, or a new one.

    Args:
        boot: program of the zygote; one with a program of its own is never kept.
    """
    zygote = _take() if boot == BOOT else None
    if zygote is None:
        zygote = Connection(boot)
        zygote.start()
    try:
        yield zygote
    finally:
        if boot == BOOT and zygote.is_reusable:
            _kept.append(zygote)
            _close_all_but(1)
        else:
            zygote.close()


_kept: list[Connection] = []


def _take() -> Connection | None:
    while _kept:
        zygote = _kept.pop()
        if zygote.is_reusable and zygote.reached_by == elsewhere.command():
            return zygote
        zygote.close()
    return None


def _close_all_but(count: int) -> None:
    while len(_kept) > count:
        _kept.pop().close()


atexit.register(_close_all_but, 0)
# A fork of this process must not speak on the pipes of its parent.
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_kept.clear)
