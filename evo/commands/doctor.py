"""`evo doctor`."""

from collections.abc import Mapping
from typing import Any

import typer

from evo.commands.console import print_facts
from evo.commands.options import JsonOption


def doctor(*, as_json: JsonOption = False) -> None:
    """Test this machine: the sandbox by harmless attacks, and products of matrices.

    Exit code 1 where a wall is absent, an attack gets through or a product is wrong.
    """
    from evo.api.machine import examine_machine

    show_examination(examine_machine(), as_json=as_json)


def show_examination(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what the attacks and the products showed.

    Raises:
        typer.Exit: with code 1 where a wall is absent, an attack got through or a product is wrong.
    """
    from evo.report.views.walls import doctor_view

    print_facts(facts, doctor_view(facts), as_json=as_json)
    if not (facts["all_hold"] and facts["products"]["all_right"]):
        raise typer.Exit(1)
