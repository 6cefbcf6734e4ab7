"""The history of a campaign: a folder that survives SIGKILL at any moment.

    runs/<name>/campaign.json     the format, the id, and copies of the next two
                config.json       resolved configuration
                environment.json  versions and machine
                journal           outcomes of the generation in progress
                segments/         sealed generations in HDF5 files, old ones merged
                lock              held by the one writer

A generation in progress lives in the journal; sealing writes its segment first and starts the
next journal after. A kill in between leaves a journal that names a sealed generation, which is
then ignored. A journal that runs ahead of the segments means that segments were lost: that is an
error, for a history must never resume with half of itself.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from archive.history.description import Description, describe
from archive.history.reader import Reader, segment_paths
from archive.store import disk, merging, segment
from archive.store.journal import Journal
from archive.store.lock import Lock
from evo.core.errors import UsageError
from evo.core.records import Generation, Outcome, Record


class History(Reader):
    """A campaign open for writing, by one process at a time; a context manager.

    Make one with `History.create` or `History.open`.
    """

    def __init__(self, folder: Path, description: Description, lock: Lock) -> None:
        super().__init__(folder, description)
        self._lock = lock
        self._journal: Journal | None = None

    @classmethod
    def create(
        cls, folder: Path, *, config: Mapping[str, Any], environment: Mapping[str, Any]
    ) -> "History":
        """A new campaign in a new or empty folder; config and environment are JSON-able.

        Raises:
            UsageError: the folder holds something.
            HistoryError: the disk refused.
        """
        if (folder / "campaign.json").exists():
            raise UsageError(
                f"{folder} holds a campaign already. Resume it, or choose another name."
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is not an empty folder. Choose another name.")
        # Made beside its place and renamed: a crash leaves no half of a campaign.
        draft = folder.with_name(f".{folder.name}-{os.getpid()}{disk.TEMPORARY}")
        with disk.writing(folder):
            try:
                (draft / "segments").mkdir(parents=True)
                description = Description(dict(config), dict(environment))
                description.write(draft)
                Journal.start(draft / "journal", 0, campaign=description.id).close()
                draft.replace(folder)
                disk.synchronise_folder(folder.parent)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "History":
        """The campaign in a folder, ready to go on; a torn end of the journal is cut off.

        Raises:
            HistoryError: it is no campaign, damaged, or another process writes it.
        """
        description = describe(folder)
        history = cls(folder, description, Lock.take(folder / "lock"))
        try:
            history.refresh()
            for covered in segment_paths(folder / "segments")[1]:
                covered.unlink()  # a kill came between a merge and this
            path = folder / "journal"
            if history._journal_size:
                history._journal = Journal.resume(path, history._journal_size)
            else:
                history._journal = history._next_journal()
            history._merge()  # what a kill came before
        except BaseException:
            history.close()
            raise
        return history

    def acknowledge(self, outcome: Outcome) -> None:
        """Write an outcome down; it is durable when this returns.

        Raises:
            HistoryError: the disk refused; this outcome is not acknowledged, all before it are.
        """
        assert self._journal is not None, "the history is closed"
        self._journal.append(outcome)
        self._outcomes[outcome.key] = outcome

    def seal(self, generation: int, records: Sequence[Record], survivors: Sequence[str]) -> None:
        """Close the generation in progress; it is durable when this returns.

        Args:
            generation: the one after the last sealed.
            records: all of its candidates, in order.
            survivors: ids of the population that lives on.

        Raises:
            HistoryError: the disk refused; the generation's outcomes stay in the journal.
        """
        assert self._journal is not None, "the history is closed"
        assert generation == self.generation + 1, f"{generation} follows {self.generation}"
        sealed = Generation(generation, records, tuple(survivors))
        made = segment.seal(self.folder / "segments", sealed, campaign=self._description.id)
        self._segments.append(made)
        self._outcomes = {}
        # Closed first: should the next journal not start, nothing may go to the outdated one.
        self._journal.close()
        self._journal = None
        self._journal = self._next_journal()
        self._merge()

    def _next_journal(self) -> Journal:
        path = self.folder / "journal"
        return Journal.start(path, self.generation + 1, campaign=self._description.id)

    def _merge(self) -> None:
        while parts := merging.due(self._segments):
            whole = merging.merged(parts, campaign=self._description.id)
            self._segments[-len(parts) :] = [whole]

    def close(self) -> None:
        """Give the campaign free for another writer; closing twice is harmless."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
