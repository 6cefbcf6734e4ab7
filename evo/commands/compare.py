"""Two campaigns side by side."""

from typing import Annotated

import typer

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption


def compare(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A name under runs/, or a folder.")],
    other: Annotated[str, typer.Argument(metavar="RUN", help="Another one.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Fronts, hypervolumes over one reference, counts and the best of two campaigns."""
    one, two = read_run(run), read_run(other)
    from evo.report.facts.comparison import comparison_facts
    from evo.report.views.comparison import comparison_table

    facts = comparison_facts(one, two)
    print_facts(facts, comparison_table(facts), as_json=as_json)
