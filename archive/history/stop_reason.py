"""The reason why a campaign's last process stopped, for `evo status`: the file `ending`.

The file is written when the process ends with an exception, and when a finished campaign is
extended. It is deleted when the campaign is resumed. A campaign that stopped without it was killed.
No record depends on it.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.store import disk
from evo.core.errors import EvoError, HistoryError

STOP_REASON_FILE = "ending"

KILLED = "no reason was left: killed, or the machine went down"
INTERRUPTED = "interrupted by Ctrl-C or SIGTERM"
EXTENDED = "it had finished; it was extended since and not resumed yet"


def read_stop_reason(folder: Path) -> str:
    """Reason why a campaign that is not running stopped; `KILLED` where none was written.

    Raises:
        HistoryError: the file cannot be read.
    """
    path = folder / STOP_REASON_FILE
    with disk.reading(path):
        return path.read_text(errors="replace") if path.exists() else KILLED


def write_stop_reason(folder: Path, words: str) -> None:
    """Write the reason why a campaign is not running.

    Raises:
        HistoryError: the disk refused.
    """
    disk.replace(folder / STOP_REASON_FILE, words.encode(errors="replace"))


@contextmanager
def kept(folder: Path) -> Generator[None]:
    """Write the exception that ends the context for `read_stop_reason`; none if it ends normally.

    Raises:
        HistoryError: the reason of the last process cannot be deleted.
    """
    path = folder / STOP_REASON_FILE
    with disk.writing(path):
        path.unlink(missing_ok=True)
    try:
        yield
    except BaseException as end:
        with suppress(HistoryError):  # a full disk may be the very reason
            write_stop_reason(folder, words_of(end))
        raise


def words_of(end: BaseException) -> str:
    """The reason of an exception, in words that hold no secret."""
    if isinstance(end, KeyboardInterrupt):
        return str(end) or INTERRUPTED
    # Messages of other errors are not ours: they may be unreadable, or hold secrets.
    return str(end) if isinstance(end, EvoError) else f"failed: {type(end).__name__}"
