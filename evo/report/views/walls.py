"""The view of `evo doctor`: the sandbox's walls, the attacks that test them, and products."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.report.views.tables import plain_table


def doctor_view(facts: Mapping[str, Any]) -> RenderableType:
    """The walls, and a line or a table about products of matrices.

    Args:
        facts: of `examine`, and as "products" those of `examine_products`.
    """
    return Group(walls_view(facts), products_view(facts["products"]))


def products_view(facts: Mapping[str, Any]) -> RenderableType:
    """A line where all products are right, else a table and the verdict.

    Args:
        facts: see `examine_products`.
    """
    right = _mark(f"{len(facts['products'])} products of matrices are right")
    if facts["all_right"] and not facts["without_onednn"]:
        return right
    table = _table(
        "Products of matrices, against those in float64", "product", "", "off by", "without oneDNN"
    )
    for one in facts["products"]:
        mark = _mark("right" if one["right"] else "WRONG")
        without = one["off_by_without_onednn"]
        others = "" if without is None else f"{without:.2g}"
        table.add_row(one["product"], mark, f"{one['off_by']:.2g}", others)
    if facts["all_right"]:
        return Group(table, right.append(" without oneDNN: trainings here do without it"))
    return Group(table, Text(facts["problem"]), _mark("RESULTS OF TRAININGS HERE ARE WORTHLESS"))


def walls_view(facts: Mapping[str, Any]) -> RenderableType:
    """Two tables, walls and attacks, and the verdict.

    Args:
        facts: see `examine`.
    """
    walls = _table("Walls of this kernel, each tested by itself", "wall", "", "holds back")
    for wall in facts["walls"]:
        walls.add_row(wall["wall"], _state(wall["let_through"]), wall["holds"])
    attacks = _table("Attacks tried in the sandbox", "attack", "", "outcome")
    for attack in facts["attacks"]:
        mark = _mark("held" if attack["held"] else "NOT HELD")
        attacks.add_row(attack["attack"], mark, Text(attack["said"]))
    verdict = "all walls hold" if facts["all_hold"] else "GENERATED CODE IS NOT WALLED IN HERE"
    problem = [Text(facts["problem"])] if facts["problem"] else []
    return Group(walls, attacks, *problem, _mark(verdict))


def _state(let_through: list[str] | None) -> Text:
    """The outcome of a wall tested by itself."""
    if let_through is None:
        return _mark("ABSENT")
    return _mark(f"LETS THROUGH: {', '.join(let_through)}".upper() if let_through else "holds")


def _table(title: str, *headings: str) -> Table:
    table = plain_table(title)
    for heading in headings:
        table.add_column(heading)
    return table


def _mark(word: str) -> Text:
    """A word in its colour: failures are in capitals and red."""
    return Text(word, style="bold red" if word.isupper() else "green")
