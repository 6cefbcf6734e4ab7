"""Tables of figures on narrow terminals: names stay whole, figures that do not fit are left out."""

from copy import copy

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

_NAME_WIDTH = 12
"""Columns that names have at least, where they may be folded."""


class Fitted:
    """A table without as many of its last columns as the terminal has no room for.

    Args:
        table: the first column has names, and always stays; where it may wrap, it is folded first.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = copy(self._table)
        while len(table.columns) > 1 and _needed(table, console, options) > options.max_width:
            table.columns = table.columns[:-1]
        yield table


def _needed(table: Table, console: Console, options: ConsoleOptions) -> int:
    """Width of a table whose names are folded as far as they may be."""
    probe, names = copy(table), copy(table.columns[0])
    if not names.no_wrap:
        names.max_width = min(names.max_width or _NAME_WIDTH, _NAME_WIDTH)
    probe.columns = [names, *table.columns[1:]]
    return Measurement.get(console, options.update(width=10_000), probe).maximum
