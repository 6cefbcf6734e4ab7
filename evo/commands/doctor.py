"""`evo doctor`."""

from collections.abc import Mapping
from typing import Any

import typer

from evo.commands.console import print_facts
from evo.commands.options import JsonOption


def doctor(*, as_json: JsonOption = False) -> None:
    """Test the sandbox on this machine: try harmless attacks and show which walls hold.

    Exit code 1 where a wall is absent or an attack gets through.
    """
    from evo.validation.doctor import examine

    show_examination(examine(), as_json=as_json)


def show_examination(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what the attacks showed.

    Raises:
        typer.Exit: with code 1 where a wall is absent or an attack got through.
    """
    from evo.report.views.walls import walls_view

    print_facts(facts, walls_view(facts), as_json=as_json)
    if not facts["all_hold"]:
        raise typer.Exit(1)
