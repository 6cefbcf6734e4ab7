"""One campaign as the view keeps it: a reader, its index and its tally, refreshed on demand.

It takes no lock of the campaign and writes nothing. Requests run in threads; one at a time
refreshes.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.changes import CHANGES_FILE
from archive.history.live_status import PROGRESS_FILE
from archive.history.reader import Reader
from archive.history.replies import REPLIES_FILE, Replies
from archive.history.stop_reason import STOP_REASON_FILE
from archive.store.lock import is_held
from evo.core.records import Record
from evo.core.trials import Trial, TrialKey
from evo.report.facts.analysis import front_chances
from evo.report.facts.figures import trials_of_first
from evo.report.facts.index import Index
from evo.report.facts.status import StatusTally

_AT_ONCE = 5_000
"""Records that are tallied while a page waits; more are tallied in the background."""


class Signature(NamedTuple):
    """The state of the files of a campaign; another one means that there is news."""

    segments: int
    journal: int
    progress: int
    replies: int
    changes: int
    ending: bool
    is_running: bool
    tallied: int
    judged: int


class LiveCampaign:
    """A campaign that may be running.

    Args:
        key: its key in addresses.
        folder: the campaign's.
    """

    def __init__(self, key: str, folder: Path) -> None:
        self.key = key
        self.folder = folder
        self.name = folder.name
        self.reader = Reader.read(folder)
        self.index = Index()
        self.tally = StatusTally(self.reader.config)
        self._lock = threading.RLock()
        self._tallying: threading.Thread | None = None
        self._seen: Signature | None = None
        self._replies: tuple[int, Replies] | None = None
        self._baselines: Mapping[str, Sequence[Trial]] = {}
        self._losses: dict[str, dict[TrialKey, float]] = {}
        self._chances: tuple[int, Mapping[str, float]] = (0, {})
        self._judging: threading.Thread | None = None
        self._cache: dict[object, tuple[int, Any]] = {}
        self._making: dict[object, threading.Lock] = {}

    @property
    def config(self) -> Mapping[str, Any]:
        """The resolved configuration."""
        return self.reader.config

    @property
    def is_tallied(self) -> bool:
        """True once everything that is in the index has been tallied."""
        return len(self.tally.index) >= len(self.index)

    def signature(self) -> Signature:
        """The state of its files now."""
        return Signature(
            _stamp(self.folder / "segments"),
            _stamp(self.folder / "journal"),
            _stamp(self.folder / PROGRESS_FILE),
            _stamp(self.folder / REPLIES_FILE),
            _stamp(self.folder / CHANGES_FILE),
            (self.folder / STOP_REASON_FILE).exists(),
            is_held(self.folder / "lock"),
            len(self.tally.index),
            self._chances[0],
        )

    def refresh(self) -> None:
        """Read what was written since the last look.

        Raises:
            HistoryError: a file is damaged.
        """
        with self._lock:
            now = self.signature()
            if now == self._seen:
                return
            self.reader.refresh()
            self.index = self.index.extended(self.reader.records)
            self._seen = now
            if self._tallying is not None and self._tallying.is_alive():
                return  # it takes the rest at the next look
            if len(self.index) - len(self.tally.index) <= _AT_ONCE:
                self._take()
            else:
                self._tallying = threading.Thread(target=self._take_quietly, daemon=True)
                self._tallying.start()

    def record(self, place: int) -> Record:
        """The record at a place of the index."""
        return self.reader.records[place]

    def replies(self) -> Replies:
        """The replies of language models so far; read again only where there are more."""
        stamp = _stamp(self.folder / REPLIES_FILE)
        with self._lock:
            if self._replies is None or self._replies[0] != stamp:
                self._replies = stamp, Replies.read(self.folder, campaign=self.reader.id)
            return self._replies[1]

    def baseline_trials(self) -> Mapping[str, Sequence[Trial]]:
        """Trials of the baselines by id."""
        with self._lock:
            if not self._baselines and self.reader.generation >= 0:
                self._baselines = trials_of_first(self.reader.records)
            return self._baselines

    def baseline_losses(self) -> Mapping[str, Mapping[TrialKey, float]]:
        """Losses of the baselines by id and trial."""
        with self._lock:
            if not self._losses:
                self._losses = {
                    id_: {trial.key: trial.loss for trial in trials}
                    for id_, trials in self.baseline_trials().items()
                }
            return self._losses

    def front_chances(self) -> Mapping[str, float] | None:
        """Probability of each candidate to be truly on the front, by id.

        Takes seconds in a long campaign, so it is computed in the background: None until then.
        """
        with self._lock:
            size, chances = self._chances
            if size == len(self.index):
                return chances
            if self._judging is None or not self._judging.is_alive():
                self._judging = threading.Thread(target=self._judge, daemon=True)
                self._judging.start()
        return None

    def cached(self, key: object, make: Any) -> Any:
        """A value that holds until the next generation is sealed, made by `make()` if it is new."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:  # two requests for what takes minutes make it once
            size = len(self.index)
            entry = self._cache.get(key)
            if entry is None or entry[0] != size:
                entry = self._cache[key] = size, make()
            return entry[1]

    def _judge(self) -> None:
        index = self.index
        chances: dict[str, float] = {}
        with suppress(Exception):  # the front is shown without them
            chances = front_chances(index, self.reader.records)
        self._chances = len(index), chances

    def _take(self) -> None:
        if len(self.tally.index) < len(self.index):
            self.tally.take(self.index, self.reader.records)

    def _take_quietly(self) -> None:
        with suppress(Exception):  # the page that needs it says what is wrong
            self._take()


def _stamp(path: Path) -> int:
    try:
        state = path.stat()
    except OSError:
        return 0
    return hash((state.st_mtime_ns, state.st_size))
