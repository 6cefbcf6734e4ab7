"""`evo status`."""

import os
import sys

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName
from evo.commands.streams import is_unicode


def status(run: RunName, *, as_json: JsonOption = False) -> None:
    """Show the state of a campaign: generation, counts, best candidate, spending."""
    # No matrix is multiplied: the threads that numpy starts for it would take a tenth of the time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    history = read_run(run)
    from evo.report.facts.status import status_tally
    from evo.report.views.climb import climb_line
    from evo.report.views.status import status_view

    tally = status_tally(history)
    facts, authorship = tally.facts(history), tally.authorship
    line = climb_line(tally.climbs) if is_unicode(sys.stdout) else ""  # bars are not ASCII
    view = status_view(facts, authorship, climb_line=line)
    print_facts(facts | authorship, view, as_json=as_json)
