"""The view of `evo run --estimate`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


def estimate_view(facts: Mapping[str, Any]) -> RenderableType:
    """Figures with their ranges, one per row.

    Args:
        facts: see `evo.studies.estimate.estimate`.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, words in _rows(facts):
        table.add_row(Text(name), Text(words))
    return table


def _rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield (
        "candidates",
        f"{facts['candidates']:,} proposed in {facts['generations']:,} generations, "
        f"{_span(facts['trained'])} trained",
    )
    if "requests" in facts:
        yield "requests", f"{_span(facts['requests'])} to language models"
        yield (
            "tokens",
            f"{_span(facts['prompt_tokens'])} of prompts, "
            f"{_span(facts['completion_tokens'])} of replies",
        )
        yield "dollars", _dollars(facts)
    processors = f"{_hours(facts['processor_hours'])} of processors"
    gpu = facts["gpu_hours"]
    yield "computing", processors if gpu is None else f"{processors}, {_hours(gpu)} of the GPUs"
    yield (
        "wall time",
        f"{_hours(facts['wall_hours'])} with {facts['workers']} workers on {facts['device']}"
        + (", as long as replies do not wait" if "requests" in facts else ""),
    )
    if ending := facts.get("may_end_it"):
        yield "budget", f"that of {', '.join(ending)} may end it sooner"
    calibration = facts["calibration"]
    yield (
        "measured",
        f"{calibration['trainings']} trainings of baselines in {calibration['seconds']:.0f} s",
    )


def _dollars(facts: Mapping[str, Any]) -> str:
    if facts["cost_usd"] is None:
        return f"unknown: no price is known of {', '.join(facts['unpriced'])}"
    low, high = facts["cost_usd"]
    return f"${low:,.2f} to ${high:,.2f}, by the configuration or evo's table of " + str(
        facts["price_table"]
    )


def _hours(bounds: Sequence[float]) -> str:
    """A range of hours; minutes where it is short.

    >>> _hours([0.05, 0.2]), _hours([1.25, 30.0])
    ('3 to 12 minutes', '1.2 to 30.0 hours')
    """
    low, high = bounds
    if high < 1:
        return f"{60 * low:.0f} to {60 * high:.0f} minutes"
    return f"{low:.1f} to {high:.1f} hours"


def _span(bounds: Sequence[int]) -> str:
    """A range of numbers, to two digits.

    >>> _span([96, 1_117_493])
    '96 to 1,100,000'
    """
    low, high = (round(bound, 2 - len(str(bound))) for bound in bounds)
    return f"{low:,} to {high:,}"
