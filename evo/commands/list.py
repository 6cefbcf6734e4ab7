"""`evo list`."""

from pathlib import Path
from typing import Annotated

import typer

from archive.folders import run_names
from evo.commands.console import print_facts
from evo.commands.options import JsonOption
from evo.core.errors import unknown_name
from evo.core.places import RUNS

_RUNS = "runs"


def list_command(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[runs]",
            help="`runs` for the campaigns under runs/; by default all that a search can use.",
            autocompletion=lambda: [_RUNS],
        ),
    ] = None,
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of campaigns in place of runs/.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List all kinds, tasks, operators, search strategies and presets, or all campaigns."""
    if what is None and folder is None:
        from evo.report.views.tables import catalogue_table
        from evo.studies.catalogue import catalogue

        facts = catalogue()
        print_facts(facts, catalogue_table(facts), as_json=as_json)
        return
    if what not in (None, _RUNS):
        raise unknown_name("list", str(what), [_RUNS])
    from evo.report.facts.runs import runs_facts
    from evo.report.views.runs import runs_view

    place = RUNS if folder is None else folder
    runs = runs_facts(place / name for name in run_names(place))
    print_facts(runs, runs_view(runs, where=str(place)), as_json=as_json)
