"""The folder of all campaigns, and folders for temporary files where the usual ones are read-only.

Python's `tempfile` and matplotlib want a writable folder. Where there is no other, one is made
under `runs/`, the folder that a campaign is written to, and removed when the process ends.
"""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

RUNS = Path("runs")
"""Folder of all campaigns, in the folder that evo is called from."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - for folders of fresh names alone


def settle_places(runs: Path) -> None:
    """Give Python and matplotlib a folder for temporary files, if any can be written.

    Args:
        runs: the folder of all campaigns, the last that is tried.
    """
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError:
        made = _made_in(_SHARED_MEMORY) or _made_in(runs)
        if made is None:
            return  # what needs none still works, and the rest says what it needs
        atexit.register(_remove, made, os.getpid())
        folder = tempfile.tempdir = os.environ["TMPDIR"] = str(made)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path(_home()) / ".config") / "matplotlib"
    if "MPLCONFIGDIR" not in os.environ and not _is_writable(home):
        os.environ["MPLCONFIGDIR"] = str(Path(folder) / f"matplotlib-{user_id()}")


def user_id() -> int:
    """The number of the user, as files have it; on Windows all of them have 0."""
    return 0 if sys.platform == "win32" else os.getuid()


def has_temporary_folder() -> bool:
    """True if there is a folder for temporary files that can be written."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        return False
    return True


def writable_folder(runs: Path) -> Path | None:
    """A folder that can be written; None where there is none."""
    candidates = [_SHARED_MEMORY, runs, Path.cwd()]
    with suppress(FileNotFoundError):
        candidates.insert(0, Path(tempfile.gettempdir()))
    return next((folder for folder in candidates if _is_writable(folder)), None)


def _home() -> str:
    try:
        return str(Path.home())
    except (RuntimeError, KeyError):
        return "/"


def _is_writable(folder: Path) -> bool:
    """True if a file can be made in a folder, or in the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=folder):  # permissions do not tell of read-only mounts
            pass
        return True
    return False


def _made_in(folder: Path) -> Path | None:
    try:
        return Path(tempfile.mkdtemp(prefix=".evo-", dir=folder)).absolute()
    except OSError:
        return None


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
