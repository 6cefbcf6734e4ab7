"""The climb of a search in words, and as a table by generation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from evo.campaign.climb import Climb
from evo.core.estimate import Estimate
from evo.report.views.narrow import Fitted
from evo.report.views.tables import plain_table

if TYPE_CHECKING:  # deap.tools takes long, and tables alone need it
    from deap.tools import Logbook

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-~=+*#"
"""Eight heights for terminals without Unicode."""
_COLUMNS = ("gen", "best margin", "again", "excess", "mean", "ahead", "merit")


def best_margin_text(climb: Climb) -> str:
    """The margin of the best with its interval, and what its first measurement was worth."""
    if climb.best is None:
        return "none yet"
    text = margin_text(climb.best.margin)
    if climb.best_excess is None:
        return text
    return f"{text}, measured again: the first margin was {abs(climb.best_excess):.3f} " + (
        "higher than that on fresh seeds" if climb.best_excess >= 0 else "lower than on fresh seeds"
    )


def generation_text(climb: Climb) -> str:
    """The last sealed generation: mean margin, offspring ahead of parents, parents with merit."""
    return (
        f"generation {climb.generation}: mean margin {_signed(climb.mean_margin)}, "
        f"{_percent(climb.ahead)} ahead of their parents, "
        f"{_percent(climb.parents_with_merit)} of parents with merit"
    )


def margin_text(margin: Estimate) -> str:
    """A margin with its 95 % interval.

    >>> margin_text(Estimate(0.125, -0.04, 0.29))
    '+0.125 [-0.04, +0.29]'
    """
    return f"{margin.value:+.3f} [{margin.low:+.2f}, {margin.high:+.2f}]"


def sparkline(values: Sequence[float], *, width: int = 40, bars: str = BARS) -> str:
    """Values as a row of bars, the lowest to the highest; of many, the last of each stretch.

    >>> sparkline([0.0, 0.5, 0.25, 1.0])
    '▁▅▃█'
    >>> sparkline([2.0, 2.0]), sparkline([]), sparkline(range(100), width=4)
    ('▁▁', '', '▁▃▆█')
    """
    count = min(width, len(values))
    shown = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, span = min(shown, default=0.0), max(shown, default=0.0) - min(shown, default=0.0)
    return "".join(bars[round(7 * (value - low) / span) if span else 0] for value in shown)


def trend_text(margins: Sequence[float], *, width: int, bars: str = BARS) -> str:
    """The margin of the best so far by generation at a glance, with the gain of the last one.

    >>> trend_text([-0.1, 0.05, 0.05], width=20), trend_text([0.1], width=20)
    ('▁██ -0.100 to +0.050, last generation +0.000', '▁ +0.100')
    """
    line = f"{sparkline(margins, width=width, bars=bars)} {margins[0]:+.3f}"
    if len(margins) < 2:
        return line
    return f"{line} to {margins[-1]:+.3f}, last generation {margins[-1] - margins[-2]:+.3f}"


def climb_line(climbs: Sequence[Climb]) -> str:
    """The margin of the best so far by generation at a glance; empty before there is one."""
    margins = [climb.best.margin.value for climb in climbs if climb.best is not None]
    if not margins:
        return ""
    return f"{sparkline(margins)}  {margins[0]:+.3f} to {margins[-1]:+.3f}"


def climb_table(book: "Logbook") -> RenderableType:
    """One row per entry of DEAP's logbook, see `evo.report.facts.logbook`."""
    table = plain_table("Climb: best margin so far, those measured again, and the generation")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for entry in book:
        table.add_row(
            str(entry["gen"]),
            margin_text(Estimate(entry["best"], entry["best_low"], entry["best_high"])),
            str(entry["remeasured"]),
            _signed(entry["excess"]),
            _signed(entry["mean"]),
            _percent(entry["ahead"]),
            _percent(entry["merit"]),
        )
    return Fitted(table)


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
