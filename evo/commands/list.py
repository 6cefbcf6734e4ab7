"""What there is to choose from."""

from evo.commands.console import print_facts
from evo.commands.options import JsonOption


def list_command(*, as_json: JsonOption = False) -> None:
    """The kinds, tasks, operators, search strategies and presets there are."""
    from evo.report.views.tables import catalogue_table
    from evo.studies.catalogue import catalogue

    facts = catalogue()
    print_facts(facts, catalogue_table(facts), as_json=as_json)
