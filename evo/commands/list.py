"""`evo list`."""

from evo.commands.console import print_facts
from evo.commands.options import JsonOption


def list_command(*, as_json: JsonOption = False) -> None:
    """List all kinds, tasks, operators, search strategies and presets."""
    from evo.report.views.tables import catalogue_table
    from evo.studies.catalogue import catalogue

    facts = catalogue()
    print_facts(facts, catalogue_table(facts), as_json=as_json)
