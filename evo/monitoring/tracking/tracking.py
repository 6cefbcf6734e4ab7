"""Feeds trackers with the sealed generations of a campaign, each generation once.

A thread does the work, so that a slow tracker delays no training, and whatever a tracker raises
ends that tracker alone. How far each has come stands in `tracking/NAME/logged`: after a crash, or
where a tracker is added later, what it missed is read from history.
"""

import math
import queue
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from archive.history.reader import Reader
from archive.store import disk
from evo.campaign.ascent import Ascent, fresh_seed
from evo.campaign.climb import Climb
from evo.core.errors import HistoryError, UsageError, Warn
from evo.core.performance import performance
from evo.core.records import Generation, Record
from evo.monitoring.tracking.base import ExperimentTracker, TrackedRun, trackers

DrawFront = Callable[[Reader, Path], Path]
"""Draws a campaign's Pareto front into a folder; gives the file."""

FOLDER = "tracking"
_BEST = 10
"""Rows of the table of the best."""
PICTURE_EVERY = 10
"""Generations between pictures; the last generation has some too."""
_LOGGED = "logged"
_WAIT_S = 60.0
"""How long the end of a campaign waits for its trackers."""


def check_trackers(names: Iterable[str]) -> None:
    """Check that trackers exist and are installed.

    Raises:
        UsageError: a name is unknown, or a package is missing; the message has its install line.
    """
    for name in names:
        tracker = trackers.get(name)
        if find_spec(tracker.package) is None:
            extra = f"'evo-search[{tracker.extra}]'" if tracker.extra else tracker.package
            raise UsageError(f"Tracker {name!r} needs {tracker.package}: pip install {extra}.")


@contextmanager
def tracked(folder: Path, *, draw: DrawFront, warn: Warn) -> Generator[Callable[[], None]]:
    """A context that logs a campaign; gives what is to be called after each sealed generation.

    Args:
        folder: the campaign's, whose configuration names the trackers.
        draw: draws the picture that is logged now and then.
        warn: told once of each tracker that failed.
    """
    reader = Reader.read(folder)
    names: Sequence[str] = reader.config.get("tracking", ())
    if not names:
        yield lambda: None
        return
    feeds = [Feed(name, folder, draw) for name in names]
    calls: queue.SimpleQueue[bool] = queue.SimpleQueue()
    thread = threading.Thread(target=_work, args=(feeds, calls, warn), daemon=True)
    thread.start()
    calls.put(True)
    try:
        yield lambda: calls.put(True)
    finally:
        calls.put(False)
        thread.join(_WAIT_S)
        if thread.is_alive():
            warn(f"Trackers took more than {_WAIT_S:.0f} s to end; what is missing follows later.")


def _work(feeds: Sequence["Feed"], calls: "queue.SimpleQueue[bool]", warn: Warn) -> None:
    feeds = [feed for feed in feeds if _survives(feed, feed.open, warn)]
    goes_on = True
    while goes_on:
        goes_on = calls.get()
        feeds = [feed for feed in feeds if _survives(feed, feed.catch_up, warn)]
    for feed in feeds:
        _survives(feed, feed.close, warn)


def _survives(feed: "Feed", step: Callable[[], None], warn: Warn) -> bool:
    """True if a step raises nothing; a tracker that fails is warned of and left out."""
    try:
        step()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a tracker may raise anything
        warn(
            f"Tracker {feed.name} is left out from here on: {type(error).__name__}: {error}. "
            "The campaign goes on; at the next resume the tracker logs what it missed."
        )
        return False
    return True


class Feed:
    """One tracker and how far it has come.

    Args:
        name: of the tracker.
        folder: the campaign's.
        draw: draws the picture that is logged now and then.
    """

    def __init__(self, name: str, folder: Path, draw: DrawFront) -> None:
        self.name = name
        self._folder = folder
        self._picture = draw
        self._place = folder / FOLDER / name
        self._tracker: ExperimentTracker | None = None

    def open(self) -> None:
        """Begin or go on with the tracker's run."""
        self._reader = Reader.read(self._folder)
        self._place.mkdir(parents=True, exist_ok=True)
        self._ascent = Ascent(fresh_seed(self._reader.config))
        self._logged = self._read()
        self._evaluations = 0
        self._best: list[Record] = []
        self._shown = ""
        self._read_to = 0
        self._tracker = trackers.get(self.name)()
        run = TrackedRun(self._reader.id, self._folder.name, self._place, self._reader.config)
        self._tracker.open(run)

    def catch_up(self) -> None:
        """Log all sealed generations that have not been logged."""
        self._reader.refresh()
        records = self._reader.records
        new = records.since(self._read_to)
        self._read_to = len(records)
        for generation, group in groupby(new, key=lambda record: record.generation):
            members = list(group)
            self._ascent.take(Generation(generation, members, []))
            self._log(generation, members)

    def close(self) -> None:
        """End the tracker's run."""
        last = self._reader.config["generations"]
        self._known.close(is_finished=self._reader.generation >= last)

    @property
    def _known(self) -> ExperimentTracker:
        assert self._tracker is not None, "not opened"
        return self._tracker

    def _log(self, generation: int, members: Sequence[Record]) -> None:
        is_new = generation > self._logged
        top = len(self._reader.config["protocol"]["rungs"]) - 1
        proposals = [record for record in members if record.is_proposal]
        for record in proposals:
            score = record.score
            if score is None or score.rung < top or record.novelty is None:
                continue
            self._best = sorted([*self._best, record], key=performance, reverse=True)[:_BEST]
            if record.is_inherited:
                continue
            self._evaluations += 1
            if is_new:
                self._known.log_evaluation(self._evaluations, evaluation_metrics(record))
        if not is_new or generation == 0:
            return
        climb = self._ascent.now
        assert climb is not None, "a generation was taken in"
        self._known.log_generation(generation, generation_metrics(climb, proposals))
        best = climb.best
        is_last = generation >= self._reader.config["generations"]
        if best is not None and (best.id != self._shown or is_last):
            self._shown = best.id
            rows = [best_row(record) for record in self._best]
            self._known.log_best(generation, best.record().candidate.source, rows)
        if is_last or generation % PICTURE_EVERY == 0:
            self._draw(generation)
        disk.replace(self._place / _LOGGED, f"{generation}\n".encode())
        self._logged = generation

    def _draw(self, generation: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = self._picture(self._reader, Path(folder))
            self._known.log_picture(generation, "pictures/pareto", path)

    def _read(self) -> int:
        """The last generation that was logged; -1 before any."""
        path = self._place / _LOGGED
        if not path.exists():
            return -1
        try:
            return int(path.read_text())
        except (OSError, ValueError) as error:
            raise HistoryError(f"{path} is damaged. Delete it to log from the start.") from error


def evaluation_metrics(record: Record) -> dict[str, float]:
    """Logged figures of a candidate that was trained in full."""
    score = record.scored
    return {
        "candidate/margin": score.margin.value,
        "candidate/b_wr": score.b_wr.value,
        "candidate/bsota_wr": score.bsota_wr.value,
        "candidate/n_behaviour": record.archived.behaviour,
    }


def generation_metrics(climb: Climb, proposals: Sequence[Record]) -> dict[str, float]:
    """Logged figures of a sealed generation; unknown ones are left out.

    Args:
        climb: after this generation.
        proposals: candidates of this generation.
    """
    metrics: dict[str, float | None] = {
        "generation/proposed": len(proposals),
        "generation/evaluated": climb.trained,
        "generation/mean_margin": climb.mean_margin,
        "search/ahead_of_parents": climb.ahead,
        "search/remeasured": climb.remeasured,
        "search/excess": climb.excess,
        "search/still_for": climb.still_for,
        "spent/seconds": sum(record.seconds for record in proposals),
        "spent/usd": sum(record.cost_usd for record in proposals),
    }
    if climb.best is not None:
        best = climb.best
        metrics |= {
            "best/margin": best.margin.value,
            "best/margin_low": best.margin.low,
            "best/margin_high": best.margin.high,
            "best/b_wr": best.b_wr.value,
            "best/bsota_wr": best.bsota_wr.value,
        }
    return {
        name: float(value)
        for name, value in metrics.items()
        if value is not None and math.isfinite(value)
    }


def best_row(record: Record) -> Mapping[str, Any]:
    """A candidate as a row of the table of the best."""
    score = record.scored
    return {
        "id": record.id,
        "generation": record.generation,
        "operator": record.candidate.operator,
        "margin": score.margin.value,
        "b_wr": score.b_wr.value,
        "bsota_wr": score.bsota_wr.value,
        "n_behaviour": record.archived.behaviour,
    }
