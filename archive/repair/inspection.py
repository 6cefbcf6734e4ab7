"""The findings of one check of a campaign's folder, and the folder for files that are replaced.

No file is deleted: what a repair replaces is kept in the folder `damaged/` of the campaign.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from archive.store import disk

DAMAGED = "damaged"
"""The folder that replaced and foreign files are moved to."""


class Finding(NamedTuple):
    """A problem with one file.

    Attributes:
        file: path within the campaign's folder.
        problem: what is wrong with it.
        remedy: what a repair does, or did; empty where it can do nothing.
    """

    file: str
    problem: str
    remedy: str


class Inspection:
    """One check of a folder: the parts that check its files add what they find.

    Args:
        folder: of the campaign.
        repairs: whether damaged files are repaired as well.
    """

    def __init__(self, folder: Path, *, repairs: bool) -> None:
        self.folder = folder
        self.segments = folder / "segments"
        self.repairs = repairs
        self.findings: list[Finding] = []

    def find(self, file: str, problem: str, remedy: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(file, problem, remedy))

    def set_aside(self, path: Path) -> None:
        """Move a file that is to be replaced."""
        if path.exists():
            with disk.writing(path):
                path.rename(self._place_aside(path))

    def copy_aside(self, path: Path) -> None:
        """Copy a file that is to be replaced; it stays until that has happened."""
        with disk.writing(path):
            shutil.copy2(path, self._place_aside(path))

    def _place_aside(self, path: Path) -> Path:
        folder = self.folder / DAMAGED
        folder.mkdir(exist_ok=True)
        number, place = 1, folder / path.name
        while place.exists():
            number += 1
            place = folder / f"{path.name}.{number}"
        return place
