"""Where a campaign stands."""

from evo.commands.options import Json, RunName
from evo.console import print_facts, read_run


def status(run: RunName, *, as_json: Json = False) -> None:
    """Where a campaign stands."""
    history = read_run(run)
    from evo.report.summary import status_facts
    from evo.report.tables import facts_table

    facts = status_facts(history)
    print_facts(facts, facts_table(facts), as_json=as_json)
