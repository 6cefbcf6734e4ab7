import io

import pytest
from rich.console import Console
from rich.table import Table

from evo.report.views.narrow import Fitted


def shown(width: int, *, name: str = "baseline") -> str:
    table = Table("name", "B-WR", "margin")
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.no_wrap = True
    table.add_row(name, "0.750 [0.60, 0.90]", "+0.125")
    console = Console(file=io.StringIO(), width=width)
    console.print(Fitted(table))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "columns"), [(80, ["B-WR", "margin"]), (36, ["B-WR"]), (20, [])])
def test_the_last_figures_go_first_and_the_name_stays(width, columns) -> None:
    text = shown(width)

    assert [name for name in ("B-WR", "margin") if name in text] == columns
    assert "baseline" in text
    assert "…" not in text


def test_a_long_name_is_folded_before_a_figure_goes() -> None:
    name = "a-very-long-name-of-a-component"

    text = shown(50, name=name)

    assert "margin" in text
    assert "…" not in text
    first = [line.split("│")[1].strip() for line in text.splitlines() if "│" in line]
    assert name in "".join(first)
