"""Tables for any facts: names and values, one row per mapping, names with descriptions."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from evo.report.views.text import value_text


def plain_table(title: str) -> Table:
    """A table without columns yet: its title at the left, a line under its head."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)


def facts_table(facts: Mapping[str, Any]) -> RenderableType:
    """Names and values, one per row; nested names follow a dot."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a long name or path is for copying, so never cut
    for key, value in facts.items():
        if isinstance(value, Mapping):
            for inner, part in cast(Mapping[str, Any], value).items():
                table.add_row(f"{key}.{inner}", value_text(part))
        else:
            table.add_row(key, value_text(value))
    return table


def rows_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One row per mapping, with their keys as columns; at least one mapping."""
    table = Table()
    for key in rows[0]:
        table.add_column(key, overflow="fold")
    for row in rows:
        table.add_row(*(value_text(value) for value in row.values()))
    return table


def catalogue_table(facts: Mapping[str, Mapping[str, str]]) -> RenderableType:
    """Groups of names, each name with its description."""
    table = Table.grid(padding=(0, 2))
    for group, entries in facts.items():
        table.add_row(Text(group, style="bold"))
        for name, description in entries.items():
            table.add_row(Text(f"  {name}"), Text(description, style="dim"))
    return table
