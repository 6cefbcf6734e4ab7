"""Progress of a running process within its generation, for `evo status`: the file `progress`.

It is written every few seconds while a campaign runs, and means nothing once no process does. No
record depends on it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from socket import gethostname
from typing import Any, cast

from archive.store import disk

PROGRESS_FILE = "progress"


def write_live_status(folder: Path, snapshot: Mapping[str, Any]) -> None:
    """Write a snapshot, with this process and its host.

    Raises:
        HistoryError: the disk refused.
    """
    content = {**snapshot, "process": os.getpid(), "host": gethostname()}
    disk.replace(folder / PROGRESS_FILE, json.dumps(content).encode())


def read_live_status(folder: Path) -> dict[str, Any] | None:
    """The newest snapshot of a running campaign; None where there is none yet."""
    try:
        content = json.loads((folder / PROGRESS_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return cast(dict[str, Any], content) if isinstance(content, dict) else None
