"""The table of generations: counts, B-WR, novelty and hypervolume."""

from typing import TYPE_CHECKING

from rich.console import RenderableType

from evo.report.views.narrow import Fitted
from evo.report.views.tables import plain_table

if TYPE_CHECKING:  # deap.tools takes long, and tables alone need it
    from deap.tools import Logbook

_COLUMNS = ("gen", "proposed", "evaluated", "full", "B-WR avg", "max", "N avg", "max", "volume")


def generation_table(book: "Logbook") -> RenderableType:
    """One row per entry of DEAP's logbook, see `evo.report.facts.logbook`."""
    table = plain_table("Generations: B-WR, N behaviour of those trained in full; hypervolume")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    rates, novelties = book.chapters["b_wr"], book.chapters["novelty"]
    for entry, rate, novelty in zip(book, rates, novelties, strict=True):
        figures = (rate["avg"], rate["max"], novelty["avg"], novelty["max"], entry["hypervolume"])
        counts = (entry["gen"], entry["proposed"], entry["nevals"], entry["full"])
        table.add_row(*map(str, counts), *(f"{figure:.3f}" for figure in figures))
    return Fitted(table)
