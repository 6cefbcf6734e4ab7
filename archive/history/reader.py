"""A campaign's folder as seen from outside: everything sealed, and what is paid for since.

A reader takes no lock and changes nothing, so that any number of them work beside a writer. It must
never take half of a history for the whole: what is missing, foreign or damaged is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from archive.history.description import Description, describe
from archive.history.records import Records
from archive.store import disk, journal, merging, segment
from archive.store.lock import is_held
from archive.store.segment import Segment, file_name, generations_of, open_segment
from evo.core.errors import HistoryError
from evo.core.records import JobKey, Outcome

_ATTEMPTS = 5
"""How often a reader looks again when segments were merged under it."""


class Reader:
    """A campaign as it was when it was last looked at; never disturbs its writer.

    Make one with `Reader.read`.

    Attributes:
        folder: where the campaign lives.
        config: the resolved configuration.
        environment: what it runs on.
    """

    def __init__(self, folder: Path, description: Description) -> None:
        self.folder = folder
        self.config: Mapping[str, Any] = description.config
        self.environment: Mapping[str, Any] = description.environment
        self._description = description
        self._segments: list[Segment] = []
        self._outcomes: dict[JobKey, Outcome] = {}
        self._journal_size = 0  # bytes of whole entries; 0 when the journal is outdated

    @staticmethod
    def read(folder: Path) -> "Reader":
        """The campaign in a folder, also while another process writes it.

        Raises:
            HistoryError: it is no campaign, or damaged; the message names the file.
        """
        reader = Reader(folder, describe(folder))
        reader.refresh()
        return reader

    @property
    def records(self) -> Records:
        """All records of sealed generations, in order; read from disk as they are gone through."""
        return Records(tuple(self._segments), self._look_again)

    @property
    def generation(self) -> int:
        """The last sealed generation, -1 when there is none."""
        return self._segments[-1].generations[-1] if self._segments else -1

    @property
    def survivors(self) -> tuple[str, ...]:
        """Ids of the population after the last sealed generation."""
        return self._segments[-1].survivors if self._segments else ()

    def population(self, generation: int) -> tuple[str, ...]:
        """Ids of the population after a sealed generation; none where a repair lost it.

        Raises:
            HistoryError: the generation is not sealed, or its file is damaged.
        """
        for _ in range(_ATTEMPTS):
            for sealed in self._segments:
                if generation in sealed.generations:
                    with suppress(FileNotFoundError):
                        return sealed.population(generation)
            self._look_again()
        raise HistoryError(f"{self.folder} holds no generation {generation}. Run evo check.")

    def populations(self) -> Iterator[tuple[str, ...]]:
        """Ids of the survivors of each sealed generation in order; none where a repair lost it."""
        for sealed in self._segments:
            yield from sealed.populations()

    @property
    def id(self) -> str:
        """The campaign's id, which its files carry."""
        return self._description.id

    @property
    def lost(self) -> Sequence[int]:
        """The generations whose records a repair could not save."""
        return [generation for sealed in self._segments for generation in sealed.lost]

    @property
    def outcomes(self) -> Mapping[JobKey, Outcome]:
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
        contents = journal.read_journal(self.folder / "journal")
        self._look_again()
        if contents.campaign != self._description.id:
            raise HistoryError(
                f"{self.folder / 'journal'} is of another campaign. Restore it from a copy."
            )
        following = self.generation + 1
        if contents.generation > following:
            missing = self.folder / "segments" / file_name(range(following, following + 1))
            raise HistoryError(
                f"{missing} is missing: the journal is at generation {contents.generation}. "
                "Restore the file from a copy, or see evo check."
            )
        is_current = contents.generation == following
        self._outcomes = contents.outcomes if is_current else {}
        self._journal_size = contents.size if is_current else 0

    def _look_again(self) -> Sequence[Segment]:
        """The segments that are there by now; each file is checked once."""
        known = {sealed.path: sealed for sealed in self._segments}
        for attempt in range(_ATTEMPTS):
            try:
                kept, _ = segment_paths(self.folder / "segments")
                self._segments = [
                    known.get(path) or open_segment(path, campaign=self._description.id)
                    for path in kept
                ]
                break
            except (FileNotFoundError, MissingError):
                # A writer may have merged what was listed, or was being listed.
                if attempt + 1 == _ATTEMPTS:
                    raise
        return self._segments


class MissingError(HistoryError):
    """A generation has no segment."""


def segment_paths(folder: Path) -> tuple[list[Path], list[Path]]:
    """The segments in order, and those that are covered by one of them.

    Hidden files are what a writer has not finished.

    Raises:
        MissingError: a file is missing.
        HistoryError: a file is foreign. The message names it either way.
    """
    with disk.reading(folder):
        names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in names:
        if generations_of(name) is None:
            raise HistoryError(
                f"{folder / name} is no segment of this campaign. Move it elsewhere."
            )
    kept, covered = merging.covering(folder, names)
    expected = 0
    for path in kept:
        generations = segment.generations_of(path.name)
        assert generations is not None, "checked above"
        if generations[0] != expected:
            raise MissingError(
                f"{folder / file_name(range(expected, expected + 1))} is missing, but {path.name} "
                "is there. Restore the file from a copy, or see evo check."
            )
        expected = generations[-1] + 1
    return kept, covered
