"""Find and remove what evo can make or download again in a folder of campaigns.

Never a record, a reply, a setting, nor anything of a campaign that runs: pictures, files that a
kill left unfinished, segments that were merged into others, and, where asked for, downloaded data
sets.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.reader import segment_paths
from archive.store.disk import TEMPORARY
from archive.store.lock import Lock, is_held
from evo.core.errors import HistoryError
from evo.core.places import user_id

_PICTURE = "pareto.png"
_SETTLED_S = 3600.0
"""Age from which what lies between campaigns belongs to no process that is just starting."""
_TEMPORARY_S = 24 * 3600.0
"""Age from which a temporary folder belongs to a process that was killed."""
_NUMBERED = re.compile(r".+-\d{3,}")
_PREFIXES = ("evo-gpu-claims-", "evo-landscape-")


class Leftover(NamedTuple):
    """A file or folder that evo can recreate.

    Attributes:
        path: where it is.
        bytes: that it takes.
        why: it can go, in words.
        campaign: the folder of the campaign that it belongs to; None for what belongs to none.
    """

    path: Path
    bytes: int
    why: str
    campaign: Path | None = None


def leftovers(runs: Path, *, has_data: bool = False, now: float | None = None) -> list[Leftover]:
    """Files and folders that can be removed, largest first.

    Args:
        runs: the folder of campaigns.
        has_data: whether data sets that evo downloads again are among it.
        now: seconds since 1970.
    """
    now = time.time() if now is None else now
    parts = [
        *_between_campaigns(runs, now),
        *(part for path in sorted(runs.glob("*/campaign.json")) for part in _of(path.parent)),
        *_temporary(now),
        *(_downloads() if has_data else ()),
    ]
    return sorted(parts, key=lambda part: (-part.bytes, str(part.path)))


def remove(parts: Iterable[Leftover]) -> list[Leftover]:
    """Remove files that evo can recreate, and return what was removed.

    What belongs to a campaign that another process writes meanwhile stays.
    """
    removed: list[Leftover] = []
    for part in parts:
        with suppress(HistoryError, OSError):
            lock = None if part.campaign is None else Lock.take(part.campaign / "lock")
            try:
                if part.path.is_dir() and not part.path.is_symlink():
                    shutil.rmtree(part.path)
                else:
                    part.path.unlink()
            finally:
                if lock is not None:
                    lock.release()
            removed.append(part)
    return removed


def leftover_facts(parts: Iterable[Leftover], *, is_removed: bool) -> dict[str, Any]:
    """The JSON document of `evo clean --json`."""
    listed = list(parts)
    return {
        "removed": is_removed,
        "bytes": sum(part.bytes for part in listed),
        "leftovers": [
            {"path": str(part.path), "bytes": part.bytes, "why": part.why} for part in listed
        ],
    }


def _between_campaigns(runs: Path, now: float) -> Iterator[Leftover]:
    for path in sorted(runs.iterdir()) if runs.is_dir() else ():
        if path.is_symlink() or not path.is_dir() or _age(path, now) < _SETTLED_S:
            continue
        if path.name.startswith(".") and path.name.endswith(TEMPORARY):
            yield Leftover(path, _size(path), "a campaign whose start was cut off")
        elif path.name.startswith(".evo-") and _age(path, now) >= _TEMPORARY_S:
            yield Leftover(path, _size(path), "temporary files of a process that was killed")
        elif _NUMBERED.fullmatch(path.name) and not any(path.iterdir()):
            yield Leftover(path, 0, "a name that was claimed, and no campaign began")


def _of(campaign: Path) -> Iterator[Leftover]:
    if is_held(campaign / "lock"):
        return
    if (campaign / _PICTURE).is_file():
        why = "a picture; evo pareto --plot draws it again"
        yield Leftover(campaign / _PICTURE, _size(campaign / _PICTURE), why, campaign)
    for path in sorted(campaign.rglob(f".*{TEMPORARY}")):
        yield Leftover(path, _size(path), "a file that was never finished", campaign)
    with suppress(HistoryError):  # a damaged campaign keeps everything
        for path in segment_paths(campaign / "segments")[1]:
            yield Leftover(path, _size(path), "merged into a larger segment", campaign)


def _temporary(now: float) -> Iterator[Leftover]:
    with suppress(OSError):
        for path in sorted(Path(tempfile.gettempdir()).iterdir()):
            is_ours = path.name.startswith(_PREFIXES) and path.lstat().st_uid == user_id()
            if is_ours and _age(path, now) >= _TEMPORARY_S:
                yield Leftover(path, _size(path), "temporary files of a process that was killed")


def _downloads() -> Iterator[Leftover]:
    if os.environ.get("EVO_DATA"):
        return  # a folder of the user's own
    from evo.tasks.torchvision_images import data_folder  # noqa: PLC0415 - imports torch

    folder = data_folder()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield Leftover(path, _size(path), "a data set; it is downloaded again")


def _age(path: Path, now: float) -> float:
    try:
        return now - path.lstat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    """Bytes that a file or folder takes on disk."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.lstat().st_blocks * 512
    return total
