"""Where a campaign stands."""

from evo.commands.options import Json, RunName
from evo.console import print_facts, read_run


def status(run: RunName, *, as_json: Json = False) -> None:
    """Where a campaign stands."""
    history = read_run(run)
    from rich.console import Group

    from evo.report.authorship import authorship_facts, authorship_table
    from evo.report.summary import status_facts
    from evo.report.tables import facts_table

    facts = status_facts(history)
    authorship = authorship_facts(history.records)
    tables = [authorship_table(authorship)] if authorship["operators"] else []
    view = Group(facts_table(facts), *tables)
    print_facts(facts | authorship, view, as_json=as_json)
