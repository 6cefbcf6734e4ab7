"""The Pareto front of a campaign."""

from pathlib import Path
from typing import Annotated

import typer

from evo.commands.options import Json, RunName
from evo.console import err, print_front, print_json, read_run, save_picture


def pareto(
    run: RunName,
    *,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Save a picture here.")] = None,
    as_json: Json = False,
) -> None:
    """The Pareto front of performance against novelty, and the baselines on the same scale."""
    history = read_run(run)
    from evo.report.summary import pareto_facts

    if plot is not None:
        err.print(f"Picture: {save_picture(history, plot)}", soft_wrap=True, markup=False)
    if as_json:
        print_json(pareto_facts(history.records))
    else:
        print_front(history)
