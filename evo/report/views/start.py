"""The view of `evo run --check`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def start_view(facts: Mapping[str, Any]) -> RenderableType:
    """One row per part, what is wrong last, and the number of problems.

    Args:
        facts: see `finding_facts`.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in sorted(facts["checks"], key=lambda check: not check["ok"]):
        mark = Text("ok", style="green") if check["ok"] else Text("problem", style="red")
        table.add_row(mark, Text(check["part"]), Text(check["words"]))
    count = sum(not check["ok"] for check in facts["checks"])
    words = "Nothing is wrong." if not count else f"{count} problem{'s' * (count > 1)}."
    return Group(table, Text(f"{words} Nothing was started."))
