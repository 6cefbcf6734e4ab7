"""Progress of some work that is no campaign: a bar on a terminal, elsewhere a line per tenth."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bar

from evo.core.pace import seconds_left
from evo.report.views.text import clock_text, time_text

QUIET_S = 60.0
"""Time without a line in a log after which one is due."""


@contextmanager
def work_view(
    title: str, console: Console, *, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[int, int], None]]:
    """A context that gives the callback for progress: pieces of work done, and their total.

    Args:
        title: what is counted, as in "trained".
        console: where it is shown.
        clock: monotonic seconds.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(title, console, clock).show
        return
    with Bar(console=console, transient=True) as bar:
        row = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)


class _Lines:
    """Prints a line per tenth of some work, and one after a quiet minute; both say what is left."""

    def __init__(self, title: str, console: Console, clock: Callable[[], float]) -> None:
        self._title = title
        self._console = console
        self._clock = clock
        self._start = self._last = clock()
        self._before = self._done = self._total = 0
        self._tenths = -1

    def show(self, done: int, total: int) -> None:
        now = self._clock()
        if total != self._total or done < self._done:
            # New work begins. What is done by its first call took no time of this process.
            self._start, self._before, self._tenths = now, done, -1
        self._done, self._total = done, total
        if (tenths := 10 * done // total) == self._tenths and now < self._last + QUIET_S:
            return
        self._tenths, self._last = tenths, now
        line = f"{self._title}: {done} of {total}{self._time(now - self._start)}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _time(self, seconds: float) -> str:
        rest = self._total - self._done
        if not rest:
            return f" in {clock_text(seconds)}"
        here, work = self._done - self._before, self._total - self._before
        left = seconds_left(seconds, done=here, work=work, rest=rest)
        return f", {time_text(seconds, left)}"
