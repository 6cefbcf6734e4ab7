"""`evo status`."""

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName


def status(run: RunName, *, as_json: JsonOption = False) -> None:
    """Show the state of a campaign: generation, counts, best candidate, spending."""
    history = read_run(run)
    from rich.console import Group

    from evo.report.facts.authorship import authorship_facts
    from evo.report.facts.status import status_facts
    from evo.report.views.authorship import authorship_table
    from evo.report.views.tables import facts_table

    facts = status_facts(history)
    authorship = authorship_facts(history.records)
    tables = [authorship_table(authorship)] if authorship["operators"] else []
    view = Group(facts_table(facts), *tables)
    print_facts(facts | authorship, view, as_json=as_json)
