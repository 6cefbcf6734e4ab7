"""The view of `evo doctor`: walls, and the attacks that prove them."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.report.views.layout import plain_table


def walls_view(facts: Mapping[str, Any]) -> RenderableType:
    """The facts of `examine` for a person."""
    walls = _table("Walls of this kernel, each tried by itself", "wall", "", "holds back")
    for wall in facts["walls"]:
        walls.add_row(wall["wall"], _state(wall["let_through"]), wall["holds"])
    attacks = _table("Attacks tried in the sandbox", "attack", "", "came to")
    for attack in facts["attacks"]:
        mark = _mark("held" if attack["held"] else "NOT HELD")
        attacks.add_row(attack["attack"], mark, Text(attack["said"]))
    verdict = "all walls hold" if facts["all_hold"] else "GENERATED CODE IS NOT WALLED IN HERE"
    problem = [Text(facts["problem"])] if facts["problem"] else []
    return Group(walls, attacks, *problem, _mark(verdict))


def _state(let_through: list[str] | None) -> Text:
    """What came of trying a wall by itself."""
    if let_through is None:
        return _mark("ABSENT")
    return _mark(f"LETS THROUGH: {', '.join(let_through)}".upper() if let_through else "holds")


def _table(title: str, *headings: str) -> Table:
    table = plain_table(title)
    for heading in headings:
        table.add_column(heading)
    return table


def _mark(word: str) -> Text:
    """A word in its colour: what is wrong stands in capitals."""
    return Text(word, style="bold red" if word.isupper() else "green")
