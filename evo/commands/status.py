"""`evo status`."""

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName


def status(run: RunName, *, as_json: JsonOption = False) -> None:
    """Show the state of a campaign: generation, counts, best candidate, spending."""
    history = read_run(run)
    from evo.report.facts.authorship import Authorship
    from evo.report.facts.status import status_facts
    from evo.report.views.status import status_view

    tallies = Authorship()
    facts = status_facts(history, tallies)
    authorship = tallies.facts()
    print_facts(facts | authorship, status_view(facts, authorship), as_json=as_json)
