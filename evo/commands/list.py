"""What there is to choose from."""

from evo.commands.options import Json
from evo.console import print_facts


def list_(*, as_json: Json = False) -> None:
    """The kinds, tasks, operators, search strategies and presets there are."""
    from evo.inspection import catalogue
    from evo.report.tables import catalogue_table

    facts = catalogue()
    print_facts(facts, catalogue_table(facts), as_json=as_json)
