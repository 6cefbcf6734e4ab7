"""The writer of a campaign's history, a folder that survives SIGKILL at any moment.

    runs/<name>/campaign.json     the format, the id, and copies of the next two
                config.json       resolved configuration that it began with
                changes           settings changed since, with the generation they hold from
                environment.json  versions and machine
                journal           outcomes of the generation in progress
                segments/         sealed generations in HDF5 files, old ones merged
                origins/          what was taken of other campaigns that it began with
                lock              held by the one writer

A generation in progress lives in the journal; sealing writes its segment first and starts the
next journal after. A kill in between leaves a journal that names a sealed generation, which is
then ignored. A journal that runs ahead of the segments means that segments were lost: an error,
since a campaign must never resume from an incomplete history.
"""

import errno
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from archive.history.changes import Change, with_changes, write_changes
from archive.history.manifest import Manifest, read_manifest
from archive.history.reader import Reader, segment_paths
from archive.store import disk, merging, segment
from archive.store.journal import Journal, read_journal
from archive.store.lock import Lock
from archive.store.merging import LIMITS, MergeLimits
from evo.core.errors import UsageError
from evo.core.records import Generation, Record
from evo.core.trials import Outcome


class History(Reader):
    """A campaign open for writing, by one process at a time; a context manager.

    Make one with `History.create` or `History.open`. One thread writes generations; outcomes
    and changes may come from others.

    Attributes:
        changing: held while settings change, so that no generation begins or is sealed meanwhile.
        begun: the last generation that began in this process, which is asked to propose for it;
            -1 where none has.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, lock: Lock, merge_limits: MergeLimits
    ) -> None:
        super().__init__(folder, manifest)
        self._lock = lock
        self._merge_limits = merge_limits
        self._journal: Journal | None = None
        self._journaling = threading.Lock()
        self.changing = threading.Condition()
        self.begun = -1

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        config: Mapping[str, Any],
        environment: Mapping[str, Any],
        merge_limits: MergeLimits = LIMITS,
        fill: Callable[[Path], object] = lambda _: None,
    ) -> "History":
        """Create a campaign in a new or empty folder.

        Args:
            folder: the campaign's folder, which appears complete or not at all.
            config: the resolved configuration, JSON-able.
            environment: versions and machine, JSON-able.
            merge_limits: when segments are merged.
            fill: puts further files into the folder before it appears.

        Raises:
            UsageError: the folder is not empty.
            HistoryError: the disk refused.
        """
        taken = UsageError(f"{folder} holds a campaign already. Resume it, or choose another name.")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            # Asked last: the campaign of a process that starts at the same time may have come.
            if (folder / "campaign.json").exists():
                raise taken
            raise UsageError(f"{folder} is not an empty folder. Choose another name.")
        # Written under a temporary name and renamed: a crash leaves no half of a campaign.
        # The name is random: processes of two machines may have one number.
        draft = folder.with_name(f".{folder.name}-{uuid4().hex[:12]}{disk.TEMPORARY}")
        is_first = not folder.parent.exists()
        with disk.writing(folder):
            try:
                (draft / "segments").mkdir(parents=True)
                fill(draft)
                manifest = Manifest(dict(config), dict(environment))
                manifest.write(draft)
                Journal.start(draft / "journal", 0, campaign=manifest.id).close()
                Lock.take(draft / "lock").release()  # not every file system has locks
                try:
                    draft.replace(folder)
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                    raise taken from None  # by a process that started at the same time
                disk.synchronise_folder(folder.parent)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
                if is_first and not folder.exists():
                    with suppress(OSError):
                        folder.parent.rmdir()
        return cls.open(folder, merge_limits=merge_limits)

    @classmethod
    def open(cls, folder: Path, *, merge_limits: MergeLimits = LIMITS) -> "History":
        """Open a campaign for writing; an incomplete last entry of the journal is cut off.

        Args:
            folder: the campaign's folder.
            merge_limits: when segments are merged.

        Raises:
            HistoryError: the folder is no campaign or damaged, or another process writes it.
        """
        manifest = read_manifest(folder)
        history = cls(folder, manifest, Lock.take(folder / "lock"), merge_limits)
        try:
            history.refresh()
            for covered in segment_paths(folder / "segments")[1]:
                covered.unlink()  # the writer was killed between a merge and this
            path = folder / "journal"
            if history._journal_size:
                history._journal = Journal.resume(path, history._journal_size)
            else:
                left_over = history._left_over()
                history._journal = history._next_journal(left_over)
                history._outcomes = {outcome.key: outcome for outcome in left_over}
            history._merge()  # in case the writer was killed before it did
        except BaseException:
            history.close()
            raise
        return history

    def acknowledge(self, outcome: Outcome) -> None:
        """Append an outcome to the journal; it is durable when this returns.

        Raises:
            HistoryError: it could not be written; all outcomes before it are on disk.
        """
        with self._journaling:
            assert self._journal is not None, "the history is closed"
            self._journal.append(outcome)
            self._outcomes[outcome.key] = outcome

    def seal(
        self,
        generation: int,
        records: Sequence[Record],
        survivors: Sequence[str],
        *,
        is_followed: bool = False,
    ) -> None:
        """Write the generation in progress as a segment; it is durable when this returns.

        Args:
            generation: number of the generation, one above the last sealed.
            records: all of its records, in order.
            survivors: ids of the population after it, in order.
            is_followed: whether outcomes of other candidates, which are those of later generations,
                stay in the journal.

        Raises:
            HistoryError: it could not be written; the generation's outcomes stay in the journal.
        """
        assert self._journal is not None, "the history is closed"
        assert generation == self.generation + 1, f"{generation} follows {self.generation}"
        sealed = Generation(generation, records, tuple(survivors))
        with self.changing:
            new_segment = segment.seal(self.folder / "segments", sealed, campaign=self._manifest.id)
            self._segments.append(new_segment)
        ids = {record.id for record in records}
        with self._journaling:
            following = [
                one for one in self._outcomes.values() if is_followed and one.id not in ids
            ]
            self._outcomes = {outcome.key: outcome for outcome in following}
            # Closed first: if the next journal cannot be started, nothing may go to the old one.
            self._journal.close()
            self._journal = None
            self._journal = self._next_journal(following)
        self._merge()

    def begin(self, generation: int, *, under: Mapping[str, Any]) -> bool:
        """Begin to propose for a generation; from then on no change reaches its proposals.

        Args:
            generation: the generation.
            under: the configuration that the caller runs under.

        Returns:
            False where another configuration holds for the generation, or it is past the last; it
            has then not begun.
        """
        with self.changing:
            if self.config_at(generation) != under or generation > under["generations"]:
                return False
            self.begun = max(self.begun, generation)
            return True

    def change(self, changes: Sequence[Change]) -> None:
        """Add changes of settings; they are durable when this returns.

        Raises:
            HistoryError: they could not be written; nothing has changed.
        """
        assert all(change.first > self.generation for change in changes), "it is sealed"
        # In the order of generations: a later request may hold sooner than an earlier one.
        together = sorted([*self.changes, *changes], key=lambda change: change.first)
        with self.changing:
            write_changes(self.folder, together, campaign=self._manifest.id)
            self.changes = tuple(together)
            self.config = with_changes(self.begun_with, self.changes)
            self.changing.notify_all()

    def wait_for_change(self, most_s: float) -> None:
        """Wait until another thread has changed something, at most so long."""
        with self.changing:
            self.changing.wait(most_s)

    def _next_journal(self, outcomes: Iterable[Outcome] = ()) -> Journal:
        path, following = self.folder / "journal", self.generation + 1
        return Journal.start(path, following, campaign=self._manifest.id, outcomes=outcomes)

    def _left_over(self) -> list[Outcome]:
        """Outcomes of later generations in the journal of the one that was sealed last.

        The writer was killed after the seal, before it could carry them over.
        """
        contents = read_journal(self.folder / "journal")
        if not self.config.get("overlap") or contents.generation != self.generation:
            return []
        sealed = {record.id for record in self.records if record.generation == self.generation}
        return [outcome for outcome in contents.outcomes.values() if outcome.id not in sealed]

    def _merge(self) -> None:
        while parts := merging.due(self._segments, self._merge_limits):
            merged = merging.merge_segments(parts, campaign=self._manifest.id)
            self._segments[-len(parts) :] = [merged]

    def close(self) -> None:
        """Release the writer's lock; closing twice is harmless."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
