"""Wall time that a campaign has run, all processes together: the file `hours`.

It is updated while a process runs, so that a SIGKILL loses the last seconds only. No record depends
on it.
"""

import json
from pathlib import Path

from archive.store import disk
from evo.core.errors import HistoryError

HOURS_FILE = "hours"


def read_hours(folder: Path) -> float | None:
    """Wall time of a campaign in hours; None where it is not known."""
    path = folder / HOURS_FILE
    try:
        return read_seconds(folder) / 3600 if path.exists() else None
    except HistoryError:
        return None


def read_seconds(folder: Path) -> float:
    """Seconds of all processes that have ended; 0 where none has run.

    Raises:
        HistoryError: the file is damaged.
    """
    path = folder / HOURS_FILE
    if not path.exists():
        return 0.0
    try:
        seconds = json.loads(path.read_bytes())["seconds"]
    except (OSError, ValueError, LookupError, TypeError):
        seconds = None
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise HistoryError(f"{path} is damaged. Delete it to count the campaign's hours from zero.")
    return float(seconds)


def save_seconds(folder: Path, seconds: float) -> None:
    """Write the seconds of all processes so far.

    Raises:
        HistoryError: the disk refused.
    """
    content = json.dumps({"seconds": round(seconds, 3)}).encode()
    disk.replace(folder / HOURS_FILE, content)
