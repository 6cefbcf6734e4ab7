"""The live view of a running campaign, on standard error.

On a terminal it is a panel that redraws itself; elsewhere one line per generation, so that logs
stay readable.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import Progress as Bar
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evo.campaign.progress import OnProgress, Progress
from evo.core.records import Status
from evo.report.views.climb import best_margin_text, generation_text
from evo.report.views.source import FoldedSource
from evo.report.views.text import clock_text, interval_text, source_body, step_text

_MOST_LINES = 8
"""Lines of the best candidate's source: the panel must fit a terminal."""


@contextmanager
def live_view(name: str, console: Console) -> Generator[OnProgress]:
    """A context that gives the callback through which a campaign reports its progress."""
    if not console.is_terminal:
        yield _Lines(console).show
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield lambda progress: live.update(panel(name, progress))


@contextmanager
def work_view(title: str, console: Console) -> Generator[Callable[[int, int], None]]:
    """A context that gives the callback for progress: pieces of work done, and their total."""
    if not console.is_terminal:
        yield _Tenths(title, console).show
        return
    with Bar(console=console, transient=True) as bar:
        row = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)


def panel(name: str, progress: Progress) -> RenderableType:
    """The panel: generation, funnel, best so far, rate and time left."""
    grid = Table.grid(padding=(0, 2))
    grid.add_row("generation", _generation_row(progress))
    if progress.generation:
        grid.add_row("funnel", _funnel(progress))
        grid.add_row("best", _best(progress))
    else:
        grid.add_row("then", "candidates, each compared with the baselines")
    climb = progress.climb
    if climb is not None and climb.best is not None:
        grid.add_row("best margin", best_margin_text(climb))
    if climb is not None and climb.generation > 0:
        grid.add_row("climb", generation_text(climb))
    if climb is not None and climb.warning:
        grid.add_row("warning", Text(climb.warning, style="yellow"))
    if progress.reward is not None:
        grid.add_row("reward model", str(progress.reward))
    if progress.generation:
        grid.add_row("rate", f"{progress.per_minute:.1f} evaluated per minute")
    grid.add_row("time", f"{clock_text(progress.seconds)} so far, {_left(progress)}")
    parts: list[RenderableType] = [grid]
    if progress.best is not None:
        best = progress.best
        source = source_body(best.candidate.source)
        rest = f"evo show RUN {best.id[:8]}"
        parts += [Text(), FoldedSource(source, most_lines=_MOST_LINES, rest=rest)]
    return Panel(Group(*parts), title=Text(f"evo · {name}"), subtitle="Ctrl-C stops and saves")


class _Lines:
    """Prints one line at the start of each generation, on the search so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._generation = -1

    def show(self, progress: Progress) -> None:
        if progress.generation == self._generation:
            return
        self._generation = progress.generation
        if progress.generation == 0:
            self._console.print(
                "generation 0 trains the baselines, which every candidate is compared with"
            )
            return
        self._console.print(
            f"generation {progress.generation}/{progress.generations} | {_funnel(progress)} | "
            f"best {_best(progress)} | {_climb(progress)}{_reward(progress)}"
            f"{progress.per_minute:.1f} evaluated/min | "
            f"{clock_text(progress.seconds)} so far, {_left(progress)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


class _Tenths:
    """Prints one line per tenth of some work done."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._console = console
        self._tenths = -1

    def show(self, done: int, total: int) -> None:
        if (tenths := 10 * done // total) == self._tenths:
            return
        self._tenths = tenths
        line = f"{self._title}: {done} of {total}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _generation_row(progress: Progress) -> RenderableType:
    row = Table.grid(padding=(0, 2))
    row.add_row(
        f"{progress.generation} of {progress.generations}: "
        + step_text(progress.generation, progress.step),
        ProgressBar(total=1.0, completed=progress.trained, width=30),
    )
    return row


def _funnel(progress: Progress) -> str:
    counts = progress.counts
    live = counts.get(Status.PROPOSED, 0)  # of this generation, and still on its way
    proposed = sum(counts.values())
    valid = proposed - counts.get(Status.INVALID, 0)
    new = valid - counts.get(Status.DUPLICATE, 0)
    screened = new - counts.get(Status.SCREENED_OUT, 0)
    if progress.step in ("propose", "validate"):
        valid -= live
    if progress.step in ("propose", "validate", "recognise"):
        new -= live
    if progress.step in ("propose", "validate", "recognise", "screen"):
        screened -= live
    return (
        f"{proposed} proposed → {valid} valid → {new} new → {screened} screened in → "
        f"{counts.get(Status.EVALUATED, 0)} evaluated"
    )


def _best(progress: Progress) -> str:
    if progress.best is None or progress.best.score is None:
        return "none yet"
    score = progress.best.score
    return f"B-WR {interval_text(score.b_wr)}  BSOTA-WR {interval_text(score.bsota_wr)}"


def _climb(progress: Progress) -> str:
    climb = progress.climb
    if climb is None or climb.best is None:
        return ""
    still = f"standing still for {climb.still_for} generations | " if climb.stands_still else ""
    return f"best margin {best_margin_text(climb)} | {generation_text(climb)} | {still}"


def _reward(progress: Progress) -> str:
    return "" if progress.reward is None else f"reward model {progress.reward} | "


def _left(progress: Progress) -> str:
    left = progress.seconds_left
    return "estimating the time left" if left is None else f"about {clock_text(left)} left"
