"""`evo status`."""

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName


def status(run: RunName, *, as_json: JsonOption = False) -> None:
    """Show the state of a campaign: generation, counts, best candidate, spending."""
    history = read_run(run)
    from evo.report.facts.status import status_tally
    from evo.report.views.status import status_view

    tally = status_tally(history)
    facts, authorship = tally.facts(history), tally.authorship.facts()
    print_facts(facts | authorship, status_view(facts, authorship), as_json=as_json)
