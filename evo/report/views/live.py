"""The live view of a running campaign, on standard error.

On a terminal it is a panel that redraws itself; elsewhere, so that logs stay readable, one line per
generation, and one per tenth of a long one's training.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evo.campaign.budget_warnings import Use
from evo.campaign.events import BudgetWarning, EndpointDead
from evo.campaign.progress import OnProgress, Progress
from evo.core.records import Status
from evo.core.task_label import task_label
from evo.report.views.climb import (
    BARS,
    PLAIN_BARS,
    best_margin_text,
    generation_text,
    trend_text,
)
from evo.report.views.source import FoldedSource
from evo.report.views.text import interval_text, source_body, step_text, time_text
from evo.report.views.work import QUIET_S

_MOST_LINES = 8
"""Lines of the best candidate's source: the panel must fit a terminal."""
_FEWEST_LINES = 3
"""With room for fewer the source is left out."""
_TREND = 24
"""Generations of the trend in a line of a log."""
_MOST_ALARMS = 3
_MOST_TASKS = 3
"""Tasks of which the panel shows losses."""


@contextmanager
def live_view(name: str, console: Console) -> Generator[OnProgress]:
    """A context that gives the callback through which a campaign reports its progress."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(console).show
        return
    alarms = Alarms()

    def show(progress: Progress) -> None:
        for words in alarms.take(progress):
            _print_alarm(live.console, words)  # above the panel, which does not stay
        draw = partial(panel, name, progress, alarms=alarms.words, is_unicode=has_unicode(console))
        room = console.height - len(console.render_lines(draw(lines=0))) - 1
        live.update(draw(lines=min(_MOST_LINES, room if room >= _FEWEST_LINES else 0)))

    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield show


class Alarms:
    """Alarms that a user should act on, by events: of each budget and each model the latest."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def take(self, progress: Progress) -> list[str]:
        """Note the alarms of a snapshot; those that are new."""
        new = {
            event.budget if isinstance(event, BudgetWarning) else event.message: event.message
            for event in progress.events
            if isinstance(event, BudgetWarning | EndpointDead)
        }
        new = {key: words for key, words in new.items() if self._words.get(key) != words}
        self._words |= new
        return list(new.values())

    @property
    def words(self) -> list[str]:
        """The latest alarms."""
        return list(self._words.values())[-_MOST_ALARMS:]


def _print_alarm(console: Console, words: str) -> None:
    console.print(words, style="yellow", markup=False, highlight=False, soft_wrap=True)


def has_unicode(console: Console) -> bool:
    """True if a console can show bars and arrows."""
    return console.encoding.lower().replace("-", "").startswith("utf")


def panel(
    name: str,
    progress: Progress,
    *,
    alarms: Sequence[str] = (),
    lines: int = _MOST_LINES,
    is_unicode: bool = True,
) -> RenderableType:
    """The panel: generation, funnel, best so far, trend, spending, alarms, rate and time left.

    Args:
        name: of the campaign.
        progress: a snapshot.
        alarms: what to act on, in words.
        lines: of the best candidate's source; 0 to leave it out.
        is_unicode: whether bars and arrows can be shown.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_row("generation", _generation_row(progress))
    climb = progress.climb
    standstill = [climb.warning] if climb is not None and climb.warning else []
    for words in (*standstill, *alarms):  # first: a low terminal cuts off what comes last
        grid.add_row(Text("alarm", style="bold yellow"), Text(words, style="yellow"))
    if progress.generation:
        grid.add_row("funnel", _funnel(progress, is_unicode=is_unicode))
        grid.add_row("best", _best(progress))
        for label, words in _figures(progress):
            grid.add_row(label, words)
    else:
        grid.add_row("then", "candidates, each compared with the baselines")
    if climb is not None and climb.best is not None:
        grid.add_row("best margin", best_margin_text(climb))
    if progress.margins:
        bars = BARS if is_unicode else PLAIN_BARS
        grid.add_row("trend", trend_text(progress.margins, width=_TREND, bars=bars))
    if climb is not None and climb.generation > 0:
        grid.add_row("climb", generation_text(climb))
    if progress.reward is not None:
        grid.add_row("reward model", str(progress.reward))
    if spent := spent_text(progress.uses):
        grid.add_row("spent", spent)
    rate = f", {progress.per_minute:.1f} evaluated per minute" if progress.generation else ""
    grid.add_row("time", f"{_time(progress)}{rate}")
    parts: list[RenderableType] = [grid]
    if progress.best is not None and lines:
        best = progress.best
        source = source_body(best.candidate.source)
        rest = f"evo show RUN {best.id[:8]}"
        parts += [Text(), FoldedSource(source, most_lines=lines, rest=rest)]
    title = Text(f"evo {'·' if is_unicode else '-'} {name}")
    return Panel(Group(*parts), title=title, subtitle="Ctrl-C stops and saves")


def spent_text(uses: Mapping[str, Use]) -> str:
    """Spending on language models, and of each other budget that has a limit.

    >>> spent_text({"requests": Use(3, 0, unit="requests"), "hours": Use(1.0, 0, unit="hours")})
    '3 requests'
    """
    always = ("requests", "tokens", "dollars")
    parts = [use.words for name, use in uses.items() if use.limit or (use.used and name in always)]
    unpriced = sum(use.unpriced for use in uses.values())
    return ", ".join([*parts, *[f"{unpriced:,} replies of unknown price"] * bool(unpriced)])


class _Lines:
    """Prints one line at the start of each generation, and now and then how far a long one is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._generation = -1
        self._tenths = 0
        self._last = 0.0
        self._alarms = Alarms()

    def show(self, progress: Progress) -> None:
        for words in self._alarms.take(progress):
            _print_alarm(self._console, words)
        if progress.generation == self._generation:
            self._show_share(progress)
            return
        self._generation, self._tenths, self._last = progress.generation, 0, progress.seconds
        if progress.generation == 0:
            self._console.print(
                "generation 0 trains the baselines, which every candidate is compared with",
                soft_wrap=True,
            )
            return
        is_unicode = has_unicode(self._console)
        bars = BARS if is_unicode else PLAIN_BARS
        trend = trend_text(progress.margins, width=_TREND, bars=bars) if progress.margins else ""
        spent = spent_text(progress.uses)
        self._console.print(
            f"generation {progress.generation}/{progress.generations} | "
            f"{_funnel(progress, is_unicode=is_unicode)} | "
            f"best {_best(progress)} | {_losses(progress)}"
            f"{_climb(progress)}{f'trend {trend} | ' * bool(trend)}"
            f"{_reward(progress)}{f'spent {spent} | ' * bool(spent)}"
            f"{progress.per_minute:.1f} evaluated/min | {_time(progress)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def _show_share(self, progress: Progress) -> None:
        tenths = int(10 * progress.trained)
        if tenths <= self._tenths or progress.seconds < self._last + QUIET_S:
            return
        self._tenths, self._last = tenths, progress.seconds
        self._console.print(
            f"generation {progress.generation}: {progress.trained:.0%} trained, {_time(progress)}",
            highlight=False,
            soft_wrap=True,
        )


def _generation_row(progress: Progress) -> RenderableType:
    row = Table.grid(padding=(0, 2))
    row.add_row(
        f"{progress.generation} of {progress.generations}: "
        + step_text(progress.generation, progress.step),
        ProgressBar(total=1.0, completed=progress.trained, width=24),
        f"{progress.trained:.0%}",
    )
    return row


def _funnel(progress: Progress, *, is_unicode: bool) -> str:
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
    steps = (
        *(f"{proposed} proposed", f"{valid} valid", f"{new} new", f"{screened} screened in"),
        f"{counts.get(Status.EVALUATED, 0)} evaluated",
    )
    return (" → " if is_unicode else " > ").join(steps)


def _best(progress: Progress) -> str:
    if progress.best is None or progress.best.score is None:
        return "none yet"
    score = progress.best.score
    return f"B-WR {interval_text(score.b_wr)}  BSOTA-WR {interval_text(score.bsota_wr)}"


def _figures(progress: Progress) -> Iterator[tuple[str, str]]:
    """Loss and metric of the best on the first tasks, beside those of the best baseline."""
    for one in progress.figures[:_MOST_TASKS]:
        mine, theirs = one.candidate, one.baseline
        words = f"loss {mine.loss.value:.4g}, metric {mine.metric.value:.3g}"
        if theirs is not None:
            words += f"; best baseline {theirs.loss.value:.4g}, {theirs.metric.value:.3g}"
        yield task_label(one.task), words


def _losses(progress: Progress) -> str:
    return "".join(f"{label}: {words} | " for label, words in _figures(progress))


def _climb(progress: Progress) -> str:
    climb = progress.climb
    if climb is None or climb.best is None:
        return ""
    still = f"standing still for {climb.still_for} generations | " if climb.stands_still else ""
    return f"best margin {best_margin_text(climb)} | {generation_text(climb)} | {still}"


def _reward(progress: Progress) -> str:
    return "" if progress.reward is None else f"reward model {progress.reward} | "


def _time(progress: Progress) -> str:
    return time_text(progress.seconds, progress.seconds_left)
