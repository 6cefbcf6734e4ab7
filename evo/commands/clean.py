"""`evo clean`."""

from pathlib import Path
from typing import Annotated

import typer

from evo.commands.console import invoked_as, print_facts
from evo.commands.options import JsonOption
from evo.core.errors import UsageError
from evo.core.places import RUNS


def clean(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of campaigns; by default runs/.")
    ] = None,
    *,
    data: Annotated[
        bool, typer.Option("--data", help="Also data sets that evo downloads again.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it; without this it is only listed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove files that evo can recreate, such as pictures and unfinished files; never a record."""
    if folder is not None and not folder.is_dir():
        raise UsageError(f"Expected a folder of campaigns, got {folder}, which is none.")
    from evo.report.views.leftovers import leftovers_view
    from evo.studies.leftovers import leftover_facts, leftovers, remove

    place = RUNS if folder is None else folder
    parts = leftovers(place, has_data=data)
    if yes:
        parts = remove(parts)
    facts = leftover_facts(parts, is_removed=yes)
    words = [invoked_as(), "clean", *([str(folder)] if folder else []), *(["--data"] * data)]
    print_facts(facts, leftovers_view(facts, how=" ".join([*words, "--yes"])), as_json=as_json)
