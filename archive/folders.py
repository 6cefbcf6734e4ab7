"""Folders of campaigns under `runs/`, by name."""

import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from evo.core.errors import UsageError, unknown_name
from evo.core.places import RUNS

LONGEST_NAME = 200
"""Bytes of a campaign's name: file systems take 255, of which temporary names need some."""
STUDY_FILE = "study.json"
"""Marks the folder of a study."""


def run_folder(run: str | Path) -> Path:
    """The folder of a campaign that exists.

    Args:
        run: a folder, or a name under `runs/`.

    Raises:
        UsageError: there is no such campaign; the message offers the nearest name.
    """
    for folder in (Path(run), RUNS / run):
        with suppress(OSError, ValueError):  # such as a name that is too long
            if (folder / "campaign.json").exists():
                return folder if folder.name else folder.resolve()
    raise _unknown_run(run)


def _unknown_run(run: str | Path) -> UsageError:
    """The error for a campaign that does not exist, by those in its folder, else under `runs/`."""
    parent, name = Path(run).parent, Path(run).name
    with suppress(OSError, ValueError):
        if parent != Path() and (names := run_names(parent)):
            return unknown_name("campaign", name, names, where=str(parent.absolute()))
    return unknown_name("campaign", str(run), run_names(), where=str(RUNS.absolute()))


def study_folder(name: str | Path) -> Path | None:
    """The folder of a study by its path, or by its name under `runs/`; None where none is there."""
    for folder in (Path(name), RUNS / name):
        with suppress(OSError, ValueError):
            if (folder / STUDY_FILE).is_file():
                return folder
    return None


class RunAt(NamedTuple):
    """The folder of a campaign, and one of its generations; None for the last one."""

    folder: Path
    generation: int | None


def run_at(text: str) -> RunAt:
    """The campaign and generation that `RUN` or `RUN@GENERATION` means.

    Raises:
        UsageError: there is no such campaign.
    """
    run, at, number = text.rpartition("@")
    if at and number.isdecimal() and not (Path(text).exists() or (RUNS / text).exists()):
        return RunAt(run_folder(run), int(number))
    return RunAt(run_folder(text), None)


def run_names(parent: Path = RUNS) -> list[str]:
    """Names of the campaigns under `runs/` or another folder, sorted."""
    return sorted(path.parent.name for path in parent.glob("*/campaign.json"))


def named_folder(parent: Path, name: str) -> Path:
    """The folder of a new campaign of that name.

    Raises:
        UsageError: no file system takes the name, or the parent is no folder.
    """
    if parent.is_symlink() or parent.exists():
        what = "a link to nothing" if not parent.exists() else "a file"
        if not parent.is_dir():
            raise UsageError(
                f"Expected a folder for campaigns at {parent}, got {what}. Remove or rename it."
            )
    length = max(len(part.encode(errors="replace")) for part in (*Path(name).parts, ""))
    if not name.strip() or "\0" in name or length > LONGEST_NAME:
        raise UsageError(
            f"Expected a name of 1 to {LONGEST_NAME} bytes, got {name[:40]!r}"
            f"{'…' if len(name) > 40 else ''} of {length}."
        )
    return parent / name


def new_folder(parent: Path, name: str, *, to_resume: Callable[[str], str]) -> Path:
    """The folder of a new campaign of that name, which holds none yet.

    Args:
        parent: folder that it will be in.
        name: of the campaign.
        to_resume: what the caller writes to resume a campaign, by name or folder.

    Raises:
        UsageError: as `named_folder`, or a campaign is there.
    """
    folder = named_folder(parent, name)
    if (folder / "campaign.json").exists():
        call = to_resume(folder.name if folder.parent == RUNS else str(folder))
        raise UsageError(
            f"{folder} holds a campaign already. Resume it with `{call}`, or choose another name "
            "to start a new one."
        )
    return folder


@contextmanager
def numbered_folder(parent: Path, stem: str) -> Generator[Path]:
    """The first folder that is free of `stem-001`, `stem-002` and so on, made for the caller.

    Making it claims the number: processes that start together, on one machine or on several that
    share the folder, get different ones. It is removed again where nothing was put into it.
    """
    is_new = not parent.exists()
    folders = (named_folder(parent, f"{stem}-{number:03}") for number in itertools.count(1))
    first = next(folders)
    parent.mkdir(parents=True, exist_ok=True)
    folders = itertools.chain([first], folders)
    folder = next(folder for folder in folders if _is_made(folder))
    try:
        yield folder
    finally:
        with suppress(OSError):  # it holds a campaign
            folder.rmdir()
            if is_new:
                parent.rmdir()


def _is_made(folder: Path) -> bool:
    """Make a folder; False where it exists already."""
    try:
        folder.mkdir(parents=True)  # another process may have removed an empty parent
    except FileExistsError:
        return False
    return True
