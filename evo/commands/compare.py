"""`evo compare`."""

from typing import Annotated

import typer

from evo.commands.completion import complete_run
from evo.commands.console import print_facts, read_run, warn
from evo.commands.options import JsonOption, RunName


def compare(
    run: RunName,
    other: Annotated[
        str,
        typer.Argument(metavar="RUN2", help="Second campaign.", autocompletion=complete_run),
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Compare two campaigns: fronts, hypervolumes over one reference, counts, the best."""
    one, two = read_run(run), read_run(other)
    from evo.report.facts.comparison import comparison_facts
    from evo.report.views.comparison import comparison_table

    facts = comparison_facts(one, two)
    if len(machines := facts.get("machines", ())) > 1:
        warn(f"Made on different machines, so last digits may differ: {'; '.join(machines)}.")
    print_facts(facts, comparison_table(facts), as_json=as_json)
