"""Why the last process that wrote a campaign ended, in words for people.

The file `ending` of the campaign's folder is written when a process stops in order and taken away
when one goes on: a campaign that stands still without it was killed, or stopped by a version of
evo that left none. No record depends on it.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.store import disk
from evo.core.errors import EvoError, HistoryError

STOP_REASON_FILE = "ending"

KILLED = "no reason was left: killed, or the machine went down"
INTERRUPTED = "interrupted by Ctrl-C or SIGTERM"


def read_stop_reason(folder: Path) -> str:
    """Why a campaign that stands still does so.

    Raises:
        HistoryError: the disk refuses.
    """
    path = folder / STOP_REASON_FILE
    with disk.reading(path):
        return path.read_text(errors="replace") if path.exists() else KILLED


@contextmanager
def kept(folder: Path) -> Generator[None]:
    """Whatever ends this context is kept for `read_stop_reason`; nothing is where it ends well.

    Raises:
        HistoryError: the disk refuses at the beginning.
    """
    path = folder / STOP_REASON_FILE
    with disk.writing(path):
        path.unlink(missing_ok=True)
    try:
        yield
    except BaseException as end:
        with suppress(HistoryError):  # a full disk may be the very reason; it is told anyway
            disk.replace(path, _words(end).encode(errors="replace"))
        raise


def _words(end: BaseException) -> str:
    if isinstance(end, KeyboardInterrupt):
        return INTERRUPTED
    # Messages of other errors were not written for people, and nobody looked what they hold.
    return str(end) if isinstance(end, EvoError) else f"failed: {type(end).__name__}"
