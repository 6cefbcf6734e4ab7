import io
import re

import pytest
from report_samples import baselines, overview, record
from rich.console import Console

from evo.report.views.pareto import pareto_view
from evo.report.views.source import fold

LONG = (
    "import torch\n\ndef activation(x):\n"
    "    return torch.where(x > 0.731, torch.tanh(1.523 * x) * torch.sigmoid(0.25 * x + 1.1) + "
    "0.0521 * torch.erf(x * torch.exp(-0.5 * x.square())), x / (1.0 + torch.abs(x)))\n"
)


def front(source: str, *, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(pareto_view(overview([*baselines(), record("long", 0.5, 0.1, source=source)])))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [40, 78, 138])
def test_a_folded_source_fits_and_says_the_same(width: int) -> None:
    lines = fold(LONG, width)

    assert max(map(len, lines)) <= width
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", LONG)


def test_a_line_is_broken_at_the_outermost_place_and_goes_on_further_to_the_right() -> None:
    assert fold("    return f(a + b, c + d) + g(e + f, h + i)", 30) == [
        "    return f(a + b, c + d)",
        "        + g(e + f, h + i)",
    ]


def test_a_text_and_a_name_are_never_broken() -> None:
    text, name = f"x = '{'a, b + ' * 9}'", "n" * 40

    assert fold(text, 20) == [text]
    assert fold(f"    {name} + {name}", 20) == [f"    {name}", f"      + {name}"]


@pytest.mark.parametrize("width", [80, 140])
def test_long_sources_are_readable_on_the_front(width: int) -> None:
    lines = front(LONG, width=width)

    (start,) = [place for place, line in enumerate(lines) if "return torch.where" in line]
    assert lines[start].startswith("     return")
    assert lines[start + 1].startswith("         ")
    assert not any("more lines" in line for line in lines)


def test_of_a_source_of_many_lines_the_front_says_where_the_rest_is() -> None:
    many = "def activation(x):\n" + "".join(f"    x = x + {n}\n" for n in range(40))

    lines = front(many + "    return x\n", width=80)

    assert sum("x = x +" in line for line in lines) == 14
    assert " … 27 more lines: evo show RUN long" in [line.rstrip() for line in lines]
