"""How tables for the terminal look."""

from rich.box import SIMPLE_HEAD
from rich.table import Table


def plain_table(title: str) -> Table:
    """A table without columns yet: its title to the left, a line under its head."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
