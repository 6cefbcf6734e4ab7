"""A campaign's folder as seen from outside: everything sealed, and what is paid for since.

A reader takes no lock and changes nothing, so that any number of them work beside a writer. It must
never take half of a history for the whole: what is missing, foreign or damaged is an error.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archive import disk, journal, segment
from archive.lock import is_held
from archive.segment import Segment
from evo.errors import HistoryError
from evo.types import Outcome, Record, Stretch

FORMAT = 1

_SEGMENT = re.compile(r"generation-(\d+)\.h5")


class Reader:
    """A campaign as it was when it was last looked at; never disturbs its writer.

    Make one with `Reader.read`.

    Attributes:
        folder: where the campaign lives.
        config: the resolved configuration.
        environment: what it runs on.
    """

    def __init__(
        self, folder: Path, config: Mapping[str, Any], environment: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self.config = config
        self.environment = environment
        self._records: list[Record] = []
        self._generation = -1
        self._survivors: tuple[str, ...] = ()
        self._outcomes: dict[Stretch, Outcome] = {}
        self._journal_size = 0  # bytes of whole entries; 0 when the journal is outdated

    @staticmethod
    def read(folder: Path) -> "Reader":
        """The campaign in a folder, also while another process writes it.

        Raises:
            HistoryError: it is no campaign, or damaged; the message names the file.
        """
        reader = Reader(folder, *descriptions(folder))
        reader.refresh()
        return reader

    @property
    def records(self) -> Sequence[Record]:
        """All records of sealed generations, in order."""
        return self._records

    @property
    def generation(self) -> int:
        """The last sealed generation, -1 when there is none."""
        return self._generation

    @property
    def survivors(self) -> tuple[str, ...]:
        """Ids of the population after the last sealed generation."""
        return self._survivors

    @property
    def outcomes(self) -> Mapping[Stretch, Outcome]:
        """What the unsealed generation has already paid for, by candidate id and rung."""
        return self._outcomes

    @property
    def is_running(self) -> bool:
        """Whether a living process writes this campaign."""
        return is_held(self.folder / "lock")

    def refresh(self) -> None:
        """Take in what was written since.

        Raises:
            HistoryError: a file is damaged, foreign or missing; the message names it.
        """
        # The journal first: a seal between the two looks can then only make it outdated.
        contents = journal.read(self.folder / "journal")
        for path in _segment_paths(self.folder / "segments")[self._generation + 1 :]:
            self._take(segment.read(path))
        if contents.generation > self._generation + 1:
            missing = self.folder / "segments" / segment.file_name(self._generation + 1)
            raise HistoryError(
                f"{missing} is missing: the journal is at generation {contents.generation}. "
                "Restore the file from a copy."
            )
        is_current = contents.generation == self._generation + 1
        self._outcomes = contents.outcomes if is_current else {}
        self._journal_size = contents.size if is_current else 0

    def _take(self, sealed: Segment) -> None:
        self._records += sealed.records
        self._survivors = sealed.survivors
        self._generation = sealed.generation


def descriptions(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Configuration and environment of a campaign whose format we know."""
    if not (folder / "campaign.json").is_file():
        raise HistoryError(f"{folder} is no campaign: it has no campaign.json. Check the path.")
    form = _read_json(folder / "campaign.json").get("format")
    if form != FORMAT:
        raise HistoryError(
            f"{folder} has format {form}, this version of evo reads format {FORMAT}. "
            "Use the version that wrote it."
        )
    return _read_json(folder / "config.json"), _read_json(folder / "environment.json")


def _segment_paths(folder: Path) -> list[Path]:
    """Segments in order; hidden files are what a writer has not finished."""
    with disk.reading(folder):
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for expected, path in enumerate(paths):
        match = _SEGMENT.fullmatch(path.name)
        if match is None:
            raise HistoryError(f"{path} is no segment of this campaign. Move it elsewhere.")
        if int(match[1]) != expected:
            raise HistoryError(
                f"{folder / segment.file_name(expected)} is missing, but {path.name} is there. "
                "Restore the file from a copy."
            )
    return paths


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with disk.reading(path):
            content: dict[str, Any] = json.loads(path.read_text())
        return content
    except ValueError as error:
        raise HistoryError(f"{path} is damaged: {error}. Restore it from a copy.") from error
