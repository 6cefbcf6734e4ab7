"""A reader of a campaign's history: all sealed records, and outcomes of the generation in progress.

A reader takes no lock and changes nothing, so that any number of them work while a campaign runs.
It must never take part of a history for all of it: a missing, foreign or damaged file is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from archive.history.changes import Change, read_changes, with_changes
from archive.history.manifest import Manifest, read_manifest
from archive.history.records import Records
from archive.store import disk, journal, merging
from archive.store.lock import is_held
from archive.store.segment import Segment, open_segment
from archive.store.segment_name import file_name, generations_of
from evo.core.errors import HistoryError
from evo.core.trials import JobKey, Outcome

_ATTEMPTS = 5
"""How often a reader lists the segments again when a writer merges them meanwhile."""


class Reader:
    """A campaign as it was at the last `refresh`; never disturbs its writer.

    Make one with `Reader.read`.

    Attributes:
        folder: where the campaign lives.
        begun_with: the resolved configuration that it began with.
        changes: what was changed in it since, in order.
        config: the configuration as all changes leave it.
        environment: versions and machine that it runs on.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.begun_with: Mapping[str, Any] = manifest.config
        self.changes: Sequence[Change] = ()
        self.config: Mapping[str, Any] = manifest.config
        self.environment: Mapping[str, Any] = manifest.environment
        self._manifest = manifest
        self._segments: list[Segment] = []
        self._outcomes: dict[JobKey, Outcome] = {}
        self._journal_size = 0  # bytes of whole entries; 0 when the journal is outdated

    @staticmethod
    def read(folder: Path) -> "Reader":
        """Read the campaign in a folder, also while another process writes it.

        Raises:
            HistoryError: the folder is no campaign, or a file is damaged; the message names it.
        """
        reader = Reader(folder, read_manifest(folder))
        reader.refresh()
        return reader

    @property
    def records(self) -> Records:
        """All records of sealed generations, in order; read from disk at each iteration."""
        return Records(tuple(self._segments), self._relist)

    @property
    def generation(self) -> int:
        """Number of the last sealed generation, -1 when there is none."""
        return self._segments[-1].generations[-1] if self._segments else -1

    @property
    def survivors(self) -> tuple[str, ...]:
        """Ids of the population after the last sealed generation."""
        return self._segments[-1].survivors if self._segments else ()

    def population(self, generation: int) -> tuple[str, ...]:
        """Ids of the population after a sealed generation; empty if its file was lost.

        Raises:
            HistoryError: the generation is not sealed, or its file is damaged.
        """
        for _ in range(_ATTEMPTS):
            for sealed in self._segments:
                if generation in sealed.generations:
                    with suppress(FileNotFoundError):
                        return sealed.population(generation)
            self._relist()
        raise HistoryError(
            f"{self.folder} holds no generation {generation}. Run evo check {self.folder}."
        )

    def populations(self) -> Iterator[tuple[str, ...]]:
        """Yield the ids of each sealed generation's survivors; empty if its file was lost."""
        for sealed in self._segments:
            yield from sealed.populations()

    def config_at(self, generation: int) -> Mapping[str, Any]:
        """The configuration that a generation runs, or ran, under."""
        held = [change for change in self.changes if change.first <= generation]
        return with_changes(self.begun_with, held)

    @property
    def id(self) -> str:
        """The campaign's id, which its files carry."""
        return self._manifest.id

    @property
    def lost(self) -> Sequence[int]:
        """Generations whose records were lost and could not be repaired."""
        return [generation for sealed in self._segments for generation in sealed.lost]

    @property
    def outcomes(self) -> Mapping[JobKey, Outcome]:
        """Outcomes of the generation in progress, by candidate, rung and heat."""
        return self._outcomes

    @property
    def strays(self) -> list[str]:
        """Names of the files among the segments that are none, sorted."""
        names = _listed(self.folder / "segments")
        return sorted(name for name in names if generations_of(name) is None)

    @property
    def is_running(self) -> bool:
        """True while a process writes this campaign."""
        return is_held(self.folder / "lock")

    def refresh(self) -> None:
        """Read what was written since the last look.

        Raises:
            HistoryError: a file is damaged, foreign or missing; the message names it.
        """
        self.changes = read_changes(self.folder, campaign=self._manifest.id)
        self.config = with_changes(self.begun_with, self.changes)
        # The journal first: if a generation is sealed in between, the journal is merely outdated.
        contents = journal.read_journal(self.folder / "journal")
        self._relist()
        if contents.campaign != self._manifest.id:
            raise HistoryError(
                f"{self.folder / 'journal'} is of another campaign. Restore it from a copy."
            )
        following = self.generation + 1
        if contents.generation > following:
            missing = self.folder / "segments" / file_name(range(following, following + 1))
            raise HistoryError(
                f"{missing} is missing: the journal is at generation {contents.generation}. "
                f"Restore the file from a copy, or run evo check {self.folder}."
            )
        is_current = contents.generation == following
        self._outcomes = contents.outcomes if is_current else {}
        self._journal_size = contents.size if is_current else 0

    def _relist(self) -> Sequence[Segment]:
        """List the segments that are there now; each file is checked once."""
        opened_before = {sealed.path: sealed for sealed in self._segments}
        for attempt in range(_ATTEMPTS):
            try:
                kept, _ = segment_paths(self.folder / "segments")
                self._segments = [
                    opened_before.get(path) or open_segment(path, campaign=self._manifest.id)
                    for path in kept
                ]
                break
            except (FileNotFoundError, MissingError):
                # A writer merged segments while they were listed or opened.
                if attempt + 1 == _ATTEMPTS:
                    raise
        return self._segments


def _listed(folder: Path) -> list[str]:
    with disk.reading(folder):
        return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


class MissingError(HistoryError):
    """A generation has no segment."""


def segment_paths(folder: Path) -> tuple[list[Path], list[Path]]:
    """Paths of the segments to read, in order, and of those that were merged into one of them.

    Hidden files are passed over, since a writer has not finished them, and so are files whose name
    is no segment's, such as the copies of a synchronising program.

    Raises:
        MissingError: a file is missing.
        HistoryError: the folder cannot be read.
    """
    names = [name for name in _listed(folder) if generations_of(name) is not None]
    kept, covered = merging.covering(folder, names)
    expected = 0
    for path in kept:
        generations = generations_of(path.name)
        assert generations is not None, "checked above"
        if generations[0] != expected:
            raise MissingError(
                f"{folder / file_name(range(expected, expected + 1))} is missing, but {path.name} "
                "is there. Restore the file from a copy, or run evo check."
            )
        expected = generations[-1] + 1
    return kept, covered
