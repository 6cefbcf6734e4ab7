"""The view of `evo clean`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def leftovers_view(facts: Mapping[str, Any], *, how: str) -> RenderableType:
    """Sizes, reasons and paths, and what was, or would be, freed.

    Args:
        facts: see `leftover_facts`.
        how: command that removes them.
    """
    if not facts["leftovers"]:
        return Text("Nothing to remove.")
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for part in facts["leftovers"]:
        table.add_row(size_text(part["bytes"]), Text(f"{part['path']}: {part['why']}"))
    freed = size_text(facts["bytes"])
    end = f"Freed {freed}." if facts["removed"] else f"{freed} in all. Remove it with: {how}"
    return Group(table, Text(end))


def size_text(size: float) -> str:
    """Bytes in a unit that reads well.

    >>> size_text(0), size_text(4096), size_text(5_600_000)
    ('0 bytes', '4.1 KB', '5.6 MB')
    """
    unit = 0
    while size >= 1000 and unit + 1 < len(_UNITS):
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[0]}"
